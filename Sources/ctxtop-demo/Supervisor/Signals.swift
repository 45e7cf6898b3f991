// Signals as things that are waited for. They are blocked before any thread begins, and nothing is ever interrupted.

import Glibc

/// Signals that a part of the demo waits for.
struct Signals {
  private var set = sigset_t()

  /// Blocks these signals from now on, in this thread and those that it starts.
  init(_ signals: [Int32]) {
    sigemptyset(&set)
    for signal in signals { sigaddset(&set, signal) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// The next signal; nil: none came within `milliseconds`.
  mutating func next(within milliseconds: Int) -> Int32? {
    var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    let signal = sigtimedwait(&set, nil, &time)
    return signal > 0 ? signal : nil
  }

  /// The next signal, whenever it comes.
  mutating func next() -> Int32 {
    var signal: Int32 = 0
    while sigwait(&set, &signal) != 0 {}
    return signal
  }
}
