// Events of teardown failures and of contexts that vanished. No system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Agent {
  /// A teardown function raised. `failure` needs no unit and, when its label is 0, gets that of the open request.
  package static func teardownFailed(
    _ failure: FailureWords, skipped: UnsafeBufferPointer<UInt32>, message: UnsafeRawBufferPointer,
    traceback: UnsafeRawBufferPointer
  ) {
    guard let thread = thread(), let slot = slotInUse else { return }
    var failure = failure
    if let unit = unit(thread) {
      failure.unit = slot.reference(to: unit) &+ 1
      if failure.label == 0, unit.openRequest != 0 { failure.label = unit.label.word }
    }
    // What was skipped may have been what returns the request's connection.
    if !skipped.isEmpty { wantRecycle() }
    slot.recordFailure(
      failure, skipped: skipped, message: message, traceback: traceback, wallTime: Clock.wall())
  }

  /// A context that was on this thread's record is not on the real stack, and no pop of it was seen: its teardown
  /// did not run. `frame` is where it was pushed, `label` the request that pushed it.
  static func contextVanished(kind: UInt32, frame: UInt32, label: UInt64) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_VANISHED)
    var vanished = FailureWords()
    vanished.kind = kind | UInt32(CTXTOP_FAILURE_VANISHED)
    vanished.function = frame
    vanished.label = label
    if let unit = unit(thread) { vanished.unit = slot.reference(to: unit) &+ 1 }
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    wantRecycle()
    slot.recordFailure(
      vanished, skipped: UnsafeBufferPointer(start: nil, count: 0), message: nothing, traceback: nothing,
      wallTime: Clock.wall())
  }
}
