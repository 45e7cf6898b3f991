// The clocks. The two that events use cost no system call on Linux (vDSO).

import CCtxtop

package enum Clock {
  /// Nanoseconds of the monotonic clock.
  @inline(__always)
  package static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970, UTC.
  @inline(__always)
  package static func wall() -> UInt64 { read(CLOCK_REALTIME) }

  /// Nanoseconds of a processor that this thread has had. A system call, unlike the others.
  package static func thread() -> UInt64 { read(CLOCK_THREAD_CPUTIME_ID) }

  @inline(__always)
  private static func read(_ clock: Int32) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }
}
