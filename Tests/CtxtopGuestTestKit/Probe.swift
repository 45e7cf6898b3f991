// A process of its own for tests of what only another process can show: locks, death, limits, descriptors.
// It is spawned, never forked: the test runner has threads. It takes one command a line and answers with one.

import CCtxtop
import Glibc

/// A running `ctxtop-guest-probe`, or another one of the tests' programs.
package final class Probe {
  package let pid: pid_t
  private let commands: Int32
  private let answers: Int32
  private var hasEnded = false

  /// Starts a probe that uses the given directory and service.
  package init(
    _ directory: String, stem: String = "shop", executable name: String = "ctxtop-guest-probe", more: [String] = []
  ) {
    let executable = Self.directory + "/" + name
    let input = Self.pipe()
    let output = Self.pipe()
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var arguments: [UnsafeMutablePointer<CChar>?] = ([executable, directory, stem] + more).map { strdup($0) } + [nil]
    defer { for text in arguments { free(text) } }
    var pid = pid_t()
    guard posix_spawn(&pid, executable, &actions, nil, &arguments, environ) == 0 else {
      fatalError("cannot start \(executable)")
    }
    close(input[0])
    close(output[1])
    self.pid = pid
    commands = input[1]
    answers = output[0]
  }

  deinit {
    close(commands)
    close(answers)
    if !hasEnded { kill() }
  }

  /// Sends a command and waits for its answer; empty when the probe has died.
  @discardableResult
  package func ask(_ command: String) -> String {
    tell(command)
    return answer()
  }

  /// Sends a command without waiting.
  package func tell(_ command: String) {
    let bytes = Array((command + "\n").utf8)
    if write(commands, bytes, bytes.count) != bytes.count { fatalError("the probe does not listen") }
  }

  /// The next answer.
  package func answer() -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while Glibc.read(answers, &byte, 1) == 1, byte != 10 { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  /// All answers until the probe has no more.
  package func allAnswers() -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while Glibc.read(answers, &byte, 1) == 1 { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Whether an answer has come, or the probe has died.
  package var hasAnswered: Bool {
    var waiting = pollfd(fd: answers, events: Int16(POLLIN), revents: 0)
    return poll(&waiting, 1, 0) > 0
  }

  /// Kills the probe, as `kill -9` does, and waits until it is gone.
  package func kill() {
    _ = Glibc.kill(pid, SIGKILL)
    _ = wait()
  }

  /// Waits for the probe's end: its exit status, or minus the signal that killed it.
  package func wait() -> Int32 {
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    hasEnded = true
    return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
  }

  /// Both ends of a pipe that other probes do not inherit.
  private static func pipe() -> [Int32] {
    var ends: [Int32] = [-1, -1]
    guard ctxtop_wake_pipe(&ends) == 0 else { fatalError("no pipe") }
    for end in ends { _ = fcntl(end, F_SETFL, 0) }
    return ends
  }

  /// Beside the test runner.
  private static let directory: String = {
    var path = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &path, path.count - 1)
    let own = path[..<max(count, 0)].map { UInt8(bitPattern: $0) }
    let directory = own[..<(own.lastIndex(of: UInt8(ascii: "/")) ?? 0)]
    return String(decoding: directory, as: UTF8.self)
  }()
}
