// The functions that set the agent up: called from our own Python code, a few times in a process's life.

import CCtxtop
@preconcurrency import CPython

nonisolated(unsafe) private var identity = WorkerIdentity()

/// configure(name, directory, group, controllers=None)
let moduleConfigure: FastFunction = { _, arguments, count in
  guard let arguments, count == 3 || count == 4 else {
    return Python.typeError("configure(name, directory, group, controllers)")
  }
  var configuration = Agent.Configuration()
  configuration.stem = Python.text(arguments[0])
  configuration.directory = arguments[1] == Python.none ? "" : Python.text(arguments[1])
  guard readGroup(arguments[2], &configuration.group),
    count == 3 || readGroup(arguments[3], &configuration.controllers)
  else {
    let text: StaticString = "CTXTOP_GROUP or CTXTOP_CONTROL_GROUP names a group that does not exist"
    PyErr_SetString(PyExc_ValueError, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
    return nil
  }
  Agent.configuration = configuration
  _ = Agent.prepare()
  return Python.newNone()
}

/// The group of a name, nil of None; false: there is none of that name.
@inline(never)
private func readGroup(_ name: Object?, _ group: inout UInt32?) -> Bool {
  if name == Python.none { return true }
  let id = Path(Python.text(name)).withCString { ctxtop_group_id($0) }
  group = UInt32(truncatingIfNeeded: id)
  return id >= 0
}

/// describe(kind, model, version, workers, threads, number, instance, python, flask, werkzeug, sqlalchemy)
let moduleDescribe: FastFunction = { _, arguments, count in
  guard let arguments, count == 11 else { return Python.typeError("describe() takes 11 arguments") }
  func half(_ index: Int) -> UInt32 {
    guard let value = Python.integer(arguments[index]), value >= 0 else { return none32 }
    return UInt32(truncatingIfNeeded: value)
  }
  identity.serverKind = Python.text(arguments[0])
  identity.serverModel = Python.text(arguments[1])
  identity.serverVersion = Python.text(arguments[2])
  identity.workers = half(3)
  identity.threads = half(4)
  identity.number = half(5)
  identity.instance = UInt64(bitPattern: Python.integer(arguments[6]) ?? 0)
  identity.python = Python.text(arguments[7])
  identity.flask = Python.text(arguments[8])
  identity.werkzeug = Python.text(arguments[9])
  identity.sqlalchemy = Python.text(arguments[10])
  Agent.redescribe(identity)
  return Python.newNone()
}

/// attach() -> 0 or -errno
let moduleAttach: FastFunction = { _, _, _ in
  let wasAttached = Agent.attachment != 0
  let code = Agent.attach(identity)
  if code == 0, !wasAttached { RealStack.adopt() }
  return PyLong_FromLongLong(Int64(code))
}

/// detach()
let moduleDetach: FastFunction = { _, _, _ in
  Agent.detach()
  return Python.newNone()
}

/// is_attached() -> bool
let moduleIsAttached: FastFunction = { _, _, _ in
  let answer = withUnsafeMutablePointer(to: &_Py_TrueStruct) { $0 }
  let other = withUnsafeMutablePointer(to: &_Py_FalseStruct) { $0 }
  let object = Agent.attachment != 0 ? answer : other
  Py_IncRef(object)
  return object
}

/// problem() -> str | None
let moduleProblem: FastFunction = { _, _, _ in line(Agent.problem) }

/// warning() -> str | None
let moduleWarning: FastFunction = { _, _, _ in line(Agent.warning) }

private func line(_ text: String) -> Object? { text.utf8.isEmpty ? Python.newNone() : Python.string(text) }

/// install(hooks, cv_app, cv_request)
let moduleInstall: FastFunction = { _, arguments, count in
  guard let arguments, count == 3, HookCalls.install(arguments[0]) else {
    if PyErr_Occurred() != nil { return nil }
    return Python.typeError("install(hooks, cv_app, cv_request)")
  }
  RealStack.install(app: arguments[1], request: arguments[2])
  return Python.newNone()
}

/// permit(recycle, control, signal): what may be done to this worker, and by which signal
let modulePermit: FastFunction = { _, arguments, count in
  guard let arguments, count == 3 else { return Python.typeError("permit(recycle, control, signal)") }
  Agent.configuration.recycles = Python.integer(arguments[0]) == 1
  Agent.configuration.isControlled = Python.integer(arguments[1]) == 1
  Agent.recycleSignal = Int32(truncatingIfNeeded: Python.integer(arguments[2]) ?? 0)
  return Python.newNone()
}

/// recycled() -> 0: was not told to go, 1: leaked, 2: was asked to
let moduleRecycled: FastFunction = { _, _, _ in PyLong_FromLongLong(Agent.recycled) }

/// isolate(outer)
let moduleIsolate: FastFunction = { _, arguments, count in
  guard let arguments, count == 1 else { return Python.typeError("isolate(outer)") }
  RealStack.isolate(outer: arguments[0])
  return Python.newNone()
}

/// settle()
let moduleSettle: FastFunction = { _, _, _ in
  if Agent.attachment != 0 { _ = RealStack.refresh() }
  return Python.newNone()
}
