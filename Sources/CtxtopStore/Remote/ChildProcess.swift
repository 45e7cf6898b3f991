// Another program, for a loop that waits for it along with everything else: nothing here blocks. It gets no descriptor
// but its three, and it does not outlive this process (CSpawn.h).

import CCtxtop
import CSpawn
import Glibc

/// A program that runs. One thread uses it.
package final class ChildProcess {
  /// What a child's standard descriptor is.
  package enum Stream {
    /// A pipe to this process, which does not block.
    case pipe
    /// Nothing: what is read from it is the end, and what is written to it is gone.
    case none
  }

  /// What to write to the child; -1: there is no pipe.
  package private(set) var input: Int32 = -1
  /// What the child writes to its standard output.
  package private(set) var output: Int32 = -1
  /// What the child writes to its standard error.
  package private(set) var errors: Int32 = -1
  /// Readable when the child has ended.
  package let end: Int32
  private let id: pid_t
  private var ending: Int32?

  /// Starts a program. Detached: without a terminal that it could ask anything on.
  package init(
    _ path: String, _ arguments: [String], input: Stream = .none, output: Stream = .none,
    environment: [String: String] = [:], isDetached: Bool = true
  ) throws(SystemError) {
    var ends = ChildEnds()
    defer { ends.close() }
    self.input = try ends.open(0, input)
    self.output = try ends.open(1, output)
    errors = try ends.open(2, .pipe)
    let flags = isDetached ? Int32(CTXTOP_SPAWN_DETACHED) : 0
    let result = Self.withWords([path] + arguments) { argv in
      Self.withWords(Self.environment(with: environment)) { envp in
        ctxtop_spawn(path, argv, envp, ends.descriptors, flags)
      }
    }
    let descriptor = result < 0 ? -1 : ctxtop_pidfd_open(result)
    guard result >= 0, descriptor >= 0 else {
      if result >= 0 { Self.kill(result) }
      for pipe in [self.input, self.output, errors] where pipe >= 0 { System.close(pipe) }
      throw SystemError(result < 0 ? "exec" : "pidfd_open", result < 0 ? -result : -descriptor)
    }
    id = result
    end = descriptor
  }

  deinit {
    closeInput()
    for descriptor in [output, errors, end] where descriptor >= 0 { System.close(descriptor) }
    if ending == nil { Self.kill(id) }
  }

  /// How it ended, as a shell would tell: its status, or 128 and the signal's number; nil: it has not.
  package func status() -> Int32? {
    if let ending { return ending }
    var raw: Int32 = 0
    guard waitpid(id, &raw, WNOHANG) == id else { return nil }
    let signal = raw & 0x7F
    ending = signal == 0 ? (raw >> 8) & 0xFF : 128 + signal
    return ending
  }

  /// Asks the child to end.
  package func terminate() { if ending == nil { _ = Glibc.kill(id, SIGTERM) } }

  /// Tells the child that nothing more will come.
  package func closeInput() {
    if input >= 0 { System.close(input) }
    input = -1
  }

  /// It cannot be told otherwise, also when it is stopped; nothing that is killed takes long to end.
  private static func kill(_ id: pid_t) {
    Glibc.kill(id, SIGKILL)
    var raw: Int32 = 0
    while waitpid(id, &raw, 0) < 0, errno == EINTR {}
  }

  private static func environment(with changes: [String: String]) -> [String] {
    var words: [String] = []
    var entry = environ
    while let word = entry.pointee {
      let text = String(cString: word)
      if !changes.keys.contains(where: { text.hasPrefix("\($0)=") }) { words.append(text) }
      entry += 1
    }
    return words + changes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
  }

  private static func withWords<Result>(
    _ words: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    copies.append(nil)
    return body(copies)
  }
}

/// The child's ends of its descriptors, until it has them.
private struct ChildEnds {
  var descriptors: [Int32] = [-1, -1, -1]

  /// Makes descriptor `number`; this process's end of the pipe, -1 where there is none.
  mutating func open(_ number: Int, _ stream: ChildProcess.Stream) throws(SystemError) -> Int32 {
    let isInput = number == 0
    if case .none = stream {
      descriptors[number] = try System.open("/dev/null", isInput ? O_RDONLY : O_WRONLY)
      return -1
    }
    var ends: [Int32] = [-1, -1]
    _ = try System.value("pipe") { pipe(&ends) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    descriptors[number] = ends[isInput ? 0 : 1]
    let own = ends[isInput ? 1 : 0]
    _ = fcntl(own, F_SETFL, O_NONBLOCK)
    return own
  }

  mutating func close() {
    for descriptor in descriptors where descriptor >= 0 { System.close(descriptor) }
    descriptors = [-1, -1, -1]
  }
}
