// Events of database connections. No system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

extension Agent {
  /// A connection was opened. Nil: not attached, or its record was dropped (and counted).
  package static func connectionOpened(engine: UInt32, backendPID: UInt32) -> HoldingToken? {
    guard let thread = thread(), let slot = slotInUse else { return nil }
    count(thread, CTXTOP_LANE_OPENED)
    return open(slot, engine, backendPID)
  }

  /// A connection is met that was opened before this process attached: described, but not counted as opened.
  package static func connectionFound(engine: UInt32, backendPID: UInt32) -> HoldingToken? {
    guard thread() != nil, let slot = slotInUse else { return nil }
    return open(slot, engine, backendPID)
  }

  private static func open(_ slot: Slot, _ engine: UInt32, _ backendPID: UInt32) -> HoldingToken? {
    slot.openHolding(
      kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(engine, backendPID), at: Clock.monotonic())
  }

  /// A connection was closed.
  package static func connectionClosed(_ token: HoldingToken?) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_CLOSED)
    if let token { slot.closeHolding(token) }
  }

  /// A connection left its pool, held by this thread's unit, request and context from now on. True: that context
  /// has ended already.
  package static func checkedOut(_ token: HoldingToken?, inherited: Bool, frame: UInt32) -> Bool {
    guard let thread = thread(), let slot = slotInUse else { return false }
    count(thread, CTXTOP_LANE_CHECKOUTS)
    guard let token else { return false }
    let state = inherited ? ConnectionState.inherited : ConnectionState.checkedOut
    let holder = holder(thread, slot, frame: frame)
    slot.moveHolding(token, to: UInt32(state.rawValue), holder: holder, at: Clock.monotonic())
    return holder.hasEnded
  }

  /// A connection came back to its pool.
  package static func checkedIn(_ token: HoldingToken?) {
    guard let thread = thread(), let slot = slotInUse else { return }
    count(thread, CTXTOP_LANE_CHECKINS)
    guard let token else { return }
    slot.moveHolding(
      token, to: UInt32(ConnectionState.idle.rawValue), holder: HolderWords(), at: Clock.monotonic())
  }

  /// A connection was taken from its pool for good.
  package static func detached(_ token: HoldingToken?) {
    guard let thread = thread(), let slot = slotInUse, let token else { return }
    slot.moveHolding(
      token, to: UInt32(ConnectionState.detached.rawValue), holder: holder(thread, slot, frame: 0),
      at: Clock.monotonic())
  }

  /// Describes an engine; nil: not attached, or the table is full.
  package static func engine(url: UInt32, poolSize: UInt32, overflow: UInt32, timeout: UInt32) -> UInt32? {
    guard attachment != 0, let slot = slotInUse else { return nil }
    return slot.describeEngine(url: url, poolSize: poolSize, overflow: overflow, timeout: timeout)
  }

  /// This thread's unit, its open request and its topmost app context as a holder; or, where it has neither, who
  /// they are copied from.
  static func holder(
    _ thread: UnsafeMutablePointer<ctxtop_thread>, _ slot: Slot, frame: UInt32
  ) -> HolderWords {
    var holder = HolderWords()
    holder.frame = frame
    guard let unit = unit(thread) else { return holder }
    holder.unit = slot.reference(to: unit)
    holder.request = thread.pointee.running
    if holder.request != 0, holder.request == unit.openRequest { holder.label = unit.label.word }
    let context = hasOneClassOfContexts ? unit.top : unit.top(0)
    if let context { holder.context = context.loadRelaxed(CTXTOP_CONTEXT_SERIAL) }
    if holder.request == 0, holder.context == 0 { holdByCopy(&holder, unit, slot) }
    return holder
  }
}
