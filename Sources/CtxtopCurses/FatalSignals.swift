// When the process crashes, the terminal is given back before it dies. Inside of a signal handler only
// async-signal-safe calls are allowed: so the bytes and the terminal's modes are prepared beforehand, and the
// handler calls `write`, `tcsetattr`, `sigaction` and `raise` and touches nothing that counts references.

import Glibc

/// The handler of signals that kill.
enum FatalSignals {
  /// What the handler needs, in memory that is never freed and never moves.
  private struct Prepared {
    var bytes: UnsafeMutablePointer<UInt8>
    var count: Int
    var modes: UnsafeMutablePointer<termios>
    var earlier: UnsafeMutablePointer<sigaction>
  }

  private static let signals: [Int32] = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP]

  // Written by `install` and `remove` on the thread that owns the terminal; a handler only reads it. It is
  // initialised by the first `install`, before any handler that could read it exists.
  nonisolated(unsafe) private static var prepared: Prepared?

  /// Prepares the bytes and modes that give the terminal back, and installs the handler.
  static func install(restoring bytes: [UInt8], original: termios) {
    guard prepared == nil else { return }
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
    memory.initialize(from: bytes, count: bytes.count)
    let modes = UnsafeMutablePointer<termios>.allocate(capacity: 1)
    modes.initialize(to: original)
    let earlier = UnsafeMutablePointer<sigaction>.allocate(capacity: 65)
    earlier.initialize(repeating: sigaction(), count: 65)
    prepared = Prepared(bytes: memory, count: bytes.count, modes: modes, earlier: earlier)
    useOwnStack()
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { FatalSignals.handle($0) }
    action.sa_flags = SA_ONSTACK
    for signal in signals {
      sigaction(signal, &action, earlier + Int(signal))
    }
  }

  /// Puts back the handlers that were there. The memory stays: a handler may be running on another thread.
  static func remove() {
    guard let prepared else { return }
    for signal in signals {
      sigaction(signal, prepared.earlier + Int(signal), nil)
    }
    Self.prepared = nil
  }

  /// A stack that overflowed is no place for a handler.
  private static func useOwnStack() {
    let size = 65536
    var stack = stack_t()
    stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    stack.ss_size = size
    sigaltstack(&stack, nil)
  }

  /// Gives the terminal back, then dies of the signal as if there had been no handler.
  private static func handle(_ signal: Int32) {
    guard let prepared else { return }
    _ = write(STDOUT_FILENO, prepared.bytes, prepared.count)
    tcsetattr(STDIN_FILENO, TCSANOW, prepared.modes)
    sigaction(signal, prepared.earlier + Int(signal), nil)
    raise(signal)
  }
}
