// Events of orphan sessions and of resources such as locks. No system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

extension Agent {
  /// A scoped session was found whose context is gone, or is just going. `context` is the identity of that context,
  /// 0 where it has none; `scope` a name; `label` that of its request where the context is on no record any more.
  /// Nil: not attached, or its record was dropped (and counted).
  package static func sessionOrphaned(scope: UInt32, flags: UInt32, context: UInt64, label: UInt64) -> HoldingToken? {
    guard let thread = thread(), let slot = slotInUse else { return nil }
    var holder = holder(thread, slot, frame: 0)
    if context != 0, let unit = unit(thread), let record = unit.context(identity: context) {
      holder.context = record.loadRelaxed(CTXTOP_CONTEXT_SERIAL)
      holder.request = record.loadRelaxed(CTXTOP_CONTEXT_REQUEST)
      holder.label = record.loadRelaxed(CTXTOP_CONTEXT_LABEL)
    } else if label != 0 {
      // A number that no request has: that of the context, which nobody pushed here.
      holder.request = max(holder.context, 1)
      holder.label = label
    }
    return slot.openHolding(
      kind: CTXTOP_HOLDING_SESSION, subject: Words.pack(scope, flags), state: 1, holder: holder,
      at: Clock.now())
  }

  /// An orphan session was looked at again. `isInherited`: it is now the session of this thread's open request.
  package static func sessionChanged(_ token: HoldingToken, flags: UInt32, isInherited: Bool) {
    guard let thread = thread(), let slot = slotInUse else { return }
    var heir: UInt64 = 0
    var label: UInt64 = 0
    if isInherited, let unit = unit(thread) {
      heir = unit.openRequest
      label = unit.label.word
    }
    slot.changeSession(token, flags: flags, heir: heir, label: label)
  }

  /// A resource is held, or waited for, by this thread's unit from now on. `kind`, `name` and `frame` are names.
  package static func resourceTaken(kind: UInt32, name: UInt32, state: UInt32, frame: UInt32) -> HoldingToken? {
    guard let thread = thread(), let slot = slotInUse else { return nil }
    return slot.openHolding(
      kind: CTXTOP_HOLDING_RESOURCE, subject: Words.pack(kind, name), state: state,
      holder: holder(thread, slot, frame: frame), at: Clock.now())
  }

  /// A session or resource is there no more, whoever took it.
  package static func released(_ token: HoldingToken) {
    guard thread() != nil, let slot = slotInUse else { return }
    slot.closeHolding(token)
  }

  /// Something in the configuration is known to lead to leaks. Both are names.
  package static func hazard(code: UInt32, message: UInt32) {
    guard attachment != 0, code != 0 else { return }
    slotInUse?.noteHazard(code: code, message: message)
  }
}
