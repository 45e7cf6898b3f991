// What native code asks Python for, on cold paths only. The hooks object promises not to raise; whatever
// comes all the same is cleared here, so that no hook ever changes what the application sees.

import CCtxtop
@preconcurrency import CPython

/// The callbacks of the `hooks` object.
enum HookCalls {
  nonisolated(unsafe) private static var stackHook: Object?
  nonisolated(unsafe) private static var raisedHook: Object?
  nonisolated(unsafe) private static var frameHook: Object?
  nonisolated(unsafe) private static var originHook: Object?
  nonisolated(unsafe) private static var clientHook: Object?
  nonisolated(unsafe) private static var keptHook: Object?
  nonisolated(unsafe) private static var routeHook: Object?
  nonisolated(unsafe) private static var engineHook: Object?
  nonisolated(unsafe) private static var backendHook: Object?
  nonisolated(unsafe) private static var firstEventHook: Object?
  nonisolated(unsafe) private static var unitNameHook: Object?
  /// Only while somebody watches: a pop of an app context, and a push of a context that may inherit.
  nonisolated(unsafe) private static var poppedHook: Object?
  nonisolated(unsafe) private static var pushedHook: Object?
  /// A context was pushed by the application, outside of any request.
  nonisolated(unsafe) private static var outsideHook: Object?

  /// Takes the callbacks; false with an exception set where one is missing.
  static func install(_ hooks: Object?) -> Bool {
    func attribute(_ name: StaticString) -> Object? {
      let key = Python.interned(name)
      defer { Py_DecRef(key) }
      return PyObject_GetAttr(hooks, key)
    }
    stackHook = attribute("stack")
    raisedHook = attribute("raised")
    frameHook = attribute("frame")
    originHook = attribute("origin")
    clientHook = attribute("is_made_by_client")
    keptHook = attribute("is_kept")
    routeHook = attribute("route")
    engineHook = attribute("engine")
    backendHook = attribute("backend_pid")
    firstEventHook = attribute("first_event")
    unitNameHook = attribute("unit_name")
    return PyErr_Occurred() == nil
  }

  /// Calls a hook; its answer as a new reference, nil without an exception where it failed.
  private static func ask(_ hook: Object?, _ arguments: Object?...) -> Object? {
    guard let hook else { return nil }
    let answer = arguments.withUnsafeBufferPointer { Python.call(hook, $0.baseAddress, $0.count) }
    if answer == nil { forget() }
    return answer
  }

  /// What a hook raised, or an object that it asked, is no business of the application's - unless it was not theirs:
  /// a signal handler may have raised SystemExit in the middle of it. That is raised again as soon as the main
  /// thread is back in Python.
  static func forget() {
    if PyErr_ExceptionMatches(PyExc_Exception) == 1 { return PyErr_Clear() }
    if foreign != nil { return PyErr_Clear() }
    foreign = SetAsideException()
    if Py_AddPendingCall(raiseForeign, nil) != 0 { foreign = nil }
  }

  nonisolated(unsafe) fileprivate static var foreign: SetAsideException?

  private static func askName(_ hook: Object?, _ arguments: Object?...) -> UInt32 {
    guard let hook else { return 0 }
    let answer = arguments.withUnsafeBufferPointer { Python.call(hook, $0.baseAddress, $0.count) }
    guard let answer else {
      forget()
      return 0
    }
    defer { Py_DecRef(answer) }
    return Python.name(answer)
  }

  private static func askNumber(_ hook: Object?, _ argument: Object?) -> Int64? {
    guard let answer = ask(hook, argument) else { return nil }
    defer { Py_DecRef(answer) }
    return Python.integer(answer)
  }

  /// The real stack of this thread: a new tuple of (kind, context), bottom first.
  static func stack() -> Object? { ask(stackHook) }

  /// A push or pop raised: Python finds out which teardown functions did it, and reports them.
  static func raised(_ context: Object?, kind: UInt32, _ exception: Object?) {
    guard let number = PyLong_FromLongLong(Int64(kind)) else { return PyErr_Clear() }
    Py_DecRef(ask(raisedHook, context, number, exception))
    Py_DecRef(number)
  }

  /// Takes the hooks of whoever watches scoped sessions; None: nobody does.
  static func watchSessions(_ popped: Object?, _ pushed: Object?) {
    let old = (poppedHook, pushedHook)
    poppedHook = popped == Python.none ? nil : popped
    pushedHook = pushed == Python.none ? nil : pushed
    Py_IncRef(poppedHook)
    Py_IncRef(pushedHook)
    Py_DecRef(old.0)
    Py_DecRef(old.1)
  }

  /// Takes the hook of whoever watches what is pushed outside of requests.
  static func watchPushes(_ hook: Object?) {
    let old = outsideHook
    outsideHook = hook == Python.none ? nil : hook
    Py_IncRef(outsideHook)
    Py_DecRef(old)
  }

  /// The application has pushed a context outside of any request.
  @inline(__always)
  static func pushedOutside() {
    if outsideHook != nil { Py_DecRef(ask(outsideHook)) }
  }

  /// An app context has gone from the stack; its record is still there.
  @inline(__always)
  static func popped(_ context: Object?) {
    if poppedHook != nil { Py_DecRef(ask(poppedHook, context)) }
  }

  /// A context was pushed, and its request has its name.
  @inline(__always)
  static func pushed() {
    if pushedHook != nil { Py_DecRef(ask(pushedHook)) }
  }

  /// How a frame at a line is named: a new string, None for a library's, nil where it failed.
  static func frame(_ code: Object?, _ line: Object?) -> Object? { ask(frameHook, code, line) }

  /// Name of the frame that pushed a context before this process was attached.
  static func origin(_ context: Object?) -> UInt32 { askName(originHook, context) }

  /// Whether the code around it made the request of a request context, and no server did.
  static func isMadeByClient(_ context: Object?) -> Bool { askNumber(clientHook, context) == 1 }

  /// Whether a request context was pushed by who keeps it after its request.
  static func isKept(_ context: Object?) -> Bool { askNumber(keptHook, context) == 1 }

  /// Names of endpoint and rule of a request that was never routed.
  static func route(_ environ: Object?, _ app: Object?) -> (endpoint: UInt32, rule: UInt32) {
    guard let answer = ask(routeHook, environ, app) else { return (0, 0) }
    defer { Py_DecRef(answer) }
    guard PyTuple_Size(answer) == 2 else {
      PyErr_Clear()
      return (0, 0)
    }
    return (Python.name(PyTuple_GetItem(answer, 0)), Python.name(PyTuple_GetItem(answer, 1)))
  }

  /// The engine of a connection record.
  static func engine(_ record: Object?) -> UInt32 {
    guard let index = askNumber(engineHook, record), index >= 0 else { return none32 }
    return UInt32(truncatingIfNeeded: index)
  }

  /// The database server's process id for a connection.
  static func backendPID(_ connection: Object?) -> UInt32 {
    guard let pid = askNumber(backendHook, connection), pid > 0 else { return none32 }
    return UInt32(truncatingIfNeeded: pid)
  }

  /// An event in a process that is not attached: it may attach now, or say that it cannot for now.
  static func firstEvent(_ context: Object?) {
    if Agent.isDeclined { return }
    if askNumber(firstEventHook, context ?? Python.none) == 0 { Agent.decline() }
  }

  /// Name of the current unit: the calling thread, or the greenlet or task that was just found to run on it.
  static let unitName: @convention(c) (UInt32) -> UInt32 = { kind in
    let exception = SetAsideException()
    defer { exception.restore() }
    return askName(unitNameHook, kind == 0 ? Python.none : CoroutineUnits.running)
  }
}

private let raiseForeign: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { _ in
  guard let exception = HookCalls.foreign else { return 0 }
  HookCalls.foreign = nil
  exception.restore()
  return -1
}
