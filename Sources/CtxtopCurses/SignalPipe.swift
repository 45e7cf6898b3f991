// Signals as bytes of a pipe, so that the run loop waits for them in the same `poll` as for everything else.

import Glibc

/// Why there is no signal pipe: the error number of the call that failed.
package struct SignalPipeError: Error, Equatable {
  /// The error number.
  package let code: Int32
}

/// The signals that concern the run loop. At most one pipe exists at a time: a handler has no other way to
/// find it than a global.
package final class SignalPipe {
  /// Signals that the run loop wants to hear of.
  package static let signals: [Int32] = [SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGTSTP, SIGCONT]

  // The handler's end of the pipe; -1: none. Written while no handler is installed, read by handlers.
  nonisolated(unsafe) private static var sink: Int32 = -1

  /// Readable when a signal has arrived; for `poll`.
  package let descriptor: Int32
  private var earlier: [(Int32, sigaction)] = []

  /// Makes the pipe and installs the handlers. A signal that was ignored stays ignored, as `nohup` wants it.
  package init(_ signals: [Int32] = SignalPipe.signals) throws(SignalPipeError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw SignalPipeError(code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    descriptor = ends[0]
    SignalPipe.sink = ends[1]
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { SignalPipe.handle($0) }
    // What is interrupted by a signal is `poll`, which never restarts; everything else shall.
    action.sa_flags = SA_RESTART
    for signal in signals {
      var before = sigaction()
      sigaction(signal, nil, &before)
      if SignalPipe.isIgnored(before) { continue }
      sigaction(signal, &action, nil)
      earlier.append((signal, before))
    }
  }

  /// The signals that have arrived since the last call, each once.
  package func receive() -> Set<Int32> {
    var bytes = [UInt8](repeating: 0, count: 256)
    var received: Set<Int32> = []
    while true {
      let count = read(descriptor, &bytes, bytes.count)
      guard count > 0 else { return received }
      received.formUnion(bytes.prefix(count).map { Int32($0) })
    }
  }

  /// Puts the earlier handlers back and closes the pipe.
  package func close() {
    guard SignalPipe.sink >= 0 else { return }
    for (signal, var before) in earlier {
      sigaction(signal, &before, nil)
    }
    earlier = []
    let sink = SignalPipe.sink
    SignalPipe.sink = -1
    Glibc.close(sink)
    Glibc.close(descriptor)
  }

  private static func isIgnored(_ action: sigaction) -> Bool {
    // SIG_IGN is a function pointer of value 1; functions cannot be compared in Swift, their bits can.
    unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self) == 1
  }

  /// Runs inside of a signal handler: one `write`, and `errno` as it was. A full pipe already wakes the loop.
  private static func handle(_ signal: Int32) {
    let saved = errno
    var byte = UInt8(truncatingIfNeeded: signal)
    _ = write(sink, &byte, 1)
    errno = saved
  }
}
