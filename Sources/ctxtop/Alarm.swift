// An end for what takes too long, whatever it is that it waits for.

import CtxtopReport
import Glibc

/// The one alarm of the program.
enum Alarm {
  /// What is said when it goes off. Made before, because a signal handler may not allocate.
  private nonisolated(unsafe) static var line = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

  /// Ends the program with UNKNOWN, and this reason, once so many nanoseconds have passed.
  static func set(_ nanoseconds: UInt64, _ reason: String) {
    let bytes = Array(CheckReport.unknown(reason).utf8)
    let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = copy.initialize(from: bytes)
    line = UnsafeBufferPointer(copy)
    signal(SIGALRM) { _ in
      _ = Glibc.write(STDOUT_FILENO, Alarm.line.baseAddress, Alarm.line.count)
      // ExitStatus.unknown, whose table nobody may make in here.
      _exit(3)
    }
    var timer = itimerval()
    timer.it_value.tv_sec = Int(nanoseconds / 1_000_000_000)
    timer.it_value.tv_usec = Int(nanoseconds / 1000 % 1_000_000)
    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
  }

  /// Nothing takes too long any more.
  static func clear() {
    var timer = itimerval()
    setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
  }
}
