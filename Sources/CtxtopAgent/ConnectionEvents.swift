// Events of database connections and of teardown failures. No system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

extension Agent {
  /// A connection was opened. Nil: not attached, or its record was dropped (and counted).
  package static func connectionOpened(engine: UInt32, backendPID: UInt32) -> ConnectionToken? {
    guard let thread = thread(), let slot = slotInUse else { return nil }
    count(thread, CTXTOP_LANE_OPENED)
    return slot.openConnection(engine: engine, backendPID: backendPID, at: Clock.monotonic())
  }

  /// A connection is met that was opened before this process attached: described, but not counted as opened.
  package static func connectionFound(engine: UInt32, backendPID: UInt32) -> ConnectionToken? {
    guard thread() != nil, let slot = slotInUse else { return nil }
    return slot.openConnection(engine: engine, backendPID: backendPID, at: Clock.monotonic())
  }

  /// A connection was closed.
  package static func connectionClosed(_ token: ConnectionToken?) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_CLOSED)
    if let token { slot.closeConnection(token) }
  }

  /// A connection left its pool, held by this thread's unit, request and context from now on.
  package static func checkedOut(_ token: ConnectionToken?, inherited: Bool, frame: UInt32) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_CHECKOUTS)
    guard let token else { return }
    let state = inherited ? ConnectionState.inherited : ConnectionState.checkedOut
    slot.moveConnection(
      token, to: UInt32(state.rawValue), holder: holder(thread, slot, frame: frame), at: Clock.monotonic())
  }

  /// A connection came back to its pool.
  package static func checkedIn(_ token: ConnectionToken?) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_CHECKINS)
    guard let token else { return }
    slot.moveConnection(
      token, to: UInt32(ConnectionState.idle.rawValue), holder: HolderWords(), at: Clock.monotonic())
  }

  /// A connection was taken from its pool for good.
  package static func detached(_ token: ConnectionToken?) {
    guard let thread = thread(), let slot = slotInUse, let token else { return }
    slot.moveConnection(
      token, to: UInt32(ConnectionState.detached.rawValue), holder: holder(thread, slot, frame: 0),
      at: Clock.monotonic())
  }

  /// Describes an engine; nil: not attached, or the table is full.
  package static func engine(url: UInt32, poolSize: UInt32, overflow: UInt32, timeout: UInt32) -> UInt32? {
    guard attachment != 0, let slot = slotInUse else { return nil }
    return slot.describeEngine(url: url, poolSize: poolSize, overflow: overflow, timeout: timeout)
  }

  private static func holder(
    _ thread: UnsafeMutablePointer<ctxtop_thread>, _ slot: Slot, frame: UInt32
  ) -> HolderWords {
    var holder = HolderWords()
    holder.frame = frame
    guard let unit = unit(thread) else { return holder }
    let generation = unit.words.loadRelaxed(CTXTOP_UNIT_TENANT).high
    holder.unit = Words.pack(UInt32(slot.index(of: unit.words, in: .units)), generation)
    holder.request = unit.openRequest
    if holder.request != 0 { holder.label = unit.label.word }
    if let app = unit.top(0) { holder.context = app.loadRelaxed(CTXTOP_CONTEXT_SERIAL) }
    return holder
  }

  /// A teardown function raised. `failure` needs no unit and, when its label is 0, gets that of the open request.
  package static func teardownFailed(
    _ failure: FailureWords, skipped: UnsafeBufferPointer<UInt32>, message: UnsafeRawBufferPointer,
    traceback: UnsafeRawBufferPointer
  ) {
    guard let thread = thread(), let slot = slotInUse else { return }
    var failure = failure
    if let unit = unit(thread) {
      failure.unit = UInt64(slot.index(of: unit.words, in: .units)) &+ 1
      if failure.label == 0, unit.openRequest != 0 { failure.label = unit.label.word }
    }
    slot.recordFailure(
      failure, skipped: skipped, message: message, traceback: traceback, wallTime: Clock.wall())
  }
}
