// Orphan sessions, resources and hazards: Python has found them, here they become words.
//
// A token is what names a record towards Python: 0 for none, else attachment, generation and index in one number. A
// token of another attachment (that of a parent before a fork) names nothing.

import CCtxtop
@preconcurrency import CPython

private func number(of token: HoldingToken?) -> Object? {
  guard let token else { return PyLong_FromLongLong(0) }
  let attachment = Agent.attachment & 0x7fff
  return PyLong_FromLongLong(
    Int64(attachment &<< 48 | UInt64(token.generation) &<< 16 | UInt64(token.index &+ 1)))
}

private func token(_ object: Object?) -> HoldingToken? {
  guard let number = Python.integer(object), number > 0, UInt64(number) &>> 48 == Agent.attachment & 0x7fff else {
    return nil
  }
  return HoldingToken(
    index: UInt32(number & 0xffff) &- 1, generation: UInt32(truncatingIfNeeded: number &>> 16))
}

private func small(_ object: Object?) -> UInt32 {
  UInt32(truncatingIfNeeded: Python.integer(object) ?? 0) & 0xff
}

/// watch_sessions(popped, pushed)
let moduleWatchSessions: FastFunction = { _, arguments, count in
  guard let arguments, count == 2 else { return Python.typeError("watch_sessions(popped, pushed)") }
  HookCalls.watchSessions(arguments[0], arguments[1])
  return Python.newNone()
}

/// watch_pushes(pushed)
let moduleWatchPushes: FastFunction = { _, arguments, count in
  guard let arguments, count == 1 else { return Python.typeError("watch_pushes(pushed)") }
  HookCalls.watchPushes(arguments[0])
  return Python.newNone()
}

/// session_orphaned(scope, flags, context, method, endpoint, rule) -> token
let moduleSessionOrphaned: FastFunction = { _, arguments, count in
  guard let arguments, count == 6 else { return Python.typeError("session_orphaned() takes 6 arguments") }
  let identity = arguments[2] == Python.none ? 0 : UInt64(UInt(bitPattern: arguments[2]))
  return number(
    of: Agent.sessionOrphaned(
      scope: Python.name(arguments[0]), flags: small(arguments[1]), context: identity,
      label: requestLabel(arguments + 3)))
}

/// session_changed(token, flags, inherited)
let moduleSessionChanged: FastFunction = { _, arguments, count in
  guard let arguments, count == 3 else { return Python.typeError("session_changed() takes 3 arguments") }
  if let token = token(arguments[0]) {
    Agent.sessionChanged(token, flags: small(arguments[1]), isInherited: Python.integer(arguments[2]) == 1)
  }
  return Python.newNone()
}

/// resource_taken(kind, name, state) -> token
let moduleResourceTaken: FastFunction = { _, arguments, count in
  guard let arguments, count == 3 else { return Python.typeError("resource_taken() takes 3 arguments") }
  if Agent.attachment == 0 { return number(of: nil) }
  return number(
    of: Agent.resourceTaken(
      kind: Python.name(arguments[0]), name: Python.name(arguments[1]), state: small(arguments[2]),
      frame: FrameWalk.first()))
}

/// released(token)
let moduleReleased: FastFunction = { _, arguments, count in
  if let arguments, count == 1, let token = token(arguments[0]) { Agent.released(token) }
  return Python.newNone()
}

/// hazard(code, message)
let moduleHazard: FastFunction = { _, arguments, count in
  guard let arguments, count == 2 else { return Python.typeError("hazard() takes 2 arguments") }
  Agent.hazard(code: Python.name(arguments[0]), message: Python.name(arguments[1]))
  return Python.newNone()
}
