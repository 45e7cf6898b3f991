// The clocks. The two that events use cost no system call on Linux (vDSO).

import CCtxtop

package enum Clock {
  /// Nanoseconds of the monotonic clock, for what is done with each request.
  @inline(__always)
  package static func monotonic() -> UInt64 { read(CLOCK_MONOTONIC) }

  /// The same for everything else, in a tenth of the code.
  package static func now() -> UInt64 { ask(CLOCK_MONOTONIC) }

  /// Nanoseconds since 1970, UTC.
  package static func wall() -> UInt64 { ask(CLOCK_REALTIME) }

  /// Nanoseconds since the machine was booted, whatever it slept.
  package static func boot() -> UInt64 { ask(CLOCK_BOOTTIME) }

  /// Nanoseconds of a processor that this thread has had. A system call, unlike the others.
  package static func thread() -> UInt64 { ask(CLOCK_THREAD_CPUTIME_ID) }

  @inline(never)
  private static func ask(_ clock: Int32) -> UInt64 { read(clock) }

  @inline(__always)
  private static func read(_ clock: Int32) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec)
  }
}
