// Contexts that are current where they were not pushed. Context variables are copied into tasks, into threads
// (asyncio.to_thread, asgiref for async views and for WSGI under an ASGI server) and by copy_context().run: code
// there works for a context that stands on the record of another unit, or that has been popped already and is
// only still visible.
//
// The records of other units are read here without their change counts, word by word: for a context that is copied
// at this moment to be missed is no worse than to be met a moment later.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Agent {
  /// Whether a context that is not on the current unit's record stands on that of another.
  package static func isCopy(_ identity: UInt64) -> Bool {
    guard let state = thread(), let slot = slotInUse else { return false }
    if let unit = unit(state), unit.context(identity: identity) != nil { return false }
    return find(identity, slot, Tenancy.live) != nil
  }

  /// The unit of the given tenancy that has a context on its record. One that has ended may name a context that is
  /// gone, and another one may lie where it was.
  static func find(_ identity: UInt64, _ slot: Slot, _ tenancy: UInt32) -> (unit: UnitRecord, context: Words)? {
    for index in 0..<slot.used(.units) {
      let unit = UnitRecord(slot.record(.units, index))
      guard unit.words.loadRelaxed(CTXTOP_UNIT_TENANT).low & 0xff == tenancy else { continue }
      if let context = unit.context(identity: identity) { return (unit, context) }
    }
    return nil
  }

  /// The current unit has neither request nor context, but an app context may be current all the same: then that one
  /// holds, with its unit and the request that pushed it. One that was popped before holds as a context that has
  /// ended: by a serial number that is on no stack. One that is pushed, and on no record (before the attach, say),
  /// is not known to have ended, and holds nothing.
  @inline(never)
  static func holdByCopy(_ holder: inout HolderWords, _ own: UnitRecord, _ slot: Slot) {
    var isPushed = false
    guard let identity = currentApp?(&isPushed), identity != 0 else { return }
    guard let (unit, context) = find(identity, slot, Tenancy.live) else {
      if !isPushed {
        holder.context = own.spendSerial()
        holder.hasEnded = true
      }
      return
    }
    holder.unit = slot.reference(to: unit)
    holder.context = context.loadRelaxed(CTXTOP_CONTEXT_SERIAL)
    holder.request = context.loadRelaxed(CTXTOP_CONTEXT_REQUEST)
    if holder.request != 0 { holder.label = context.loadRelaxed(CTXTOP_CONTEXT_LABEL) }
  }
}
