// The CPython extension module `ctxtop._native`: a door between Python and the agent, in Swift alone.
//
//   PythonObjects.swift      how we speak with CPython
//   ModuleFunctions.swift    configure, describe, attach, detach
//   HookCalls.swift          the cold paths: what native code asks Python for
//   NativeTypes.swift        types of our own objects
//   WSGIEntry.swift          the method in the place of `Flask.wsgi_app`
//   WSGIWrapper.swift        the wrapper of `app.wsgi_app`: requests begin and end here
//   ResponseIterator.swift   the response, so that its close() is seen
//   ContextWrappers.swift    push and pop of contexts
//   RealStack.swift          the record made to agree with the framework's own stack
//   RouteNames.swift         names of endpoints and rules
//   WeakReferences.swift     what is known of an object does not outlive it
//   PoolListeners.swift      SQLAlchemy's pool events (ConnectionTokens.swift)
//   FrameWalk.swift          the first frame of the application's own code
//   FailureFunction.swift    a teardown function raised
//   CoroutineUnits.swift     which greenlet or task runs now
//
// Beside these files the folder holds links to the folders of the guest's other targets, which are compiled
// once more as part of this module.
//
// What must hold: only the stable ABI is linked; nothing raises towards the application but what the
// application itself raised; an exception that passes through is the same object with the same traceback.

import CCtxtop
@preconcurrency import CPython

/// The module's init function. One interpreter per process: the agent's state is the process's.
@c(PyInit__native)
public func initializeModule() -> UnsafeMutablePointer<PyObject>? {
  let interpreter = PyInterpreterState_GetID(PyInterpreterState_Get())
  if let owner = Module.interpreter, owner != interpreter {
    let text: StaticString = "ctxtop watches one interpreter per process, and another one has it"
    PyErr_SetString(PyExc_ImportError, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
    return nil
  }
  Module.interpreter = interpreter
  if Module.definition == nil { Module.prepare() }
  // Without memory for the names that it needs, the module does not load.
  if PyErr_Occurred() != nil {
    Module.definition = nil
    return nil
  }
  return PyModuleDef_Init(Module.definition)
}

enum Module {
  nonisolated(unsafe) static var interpreter: Int64?
  nonisolated(unsafe) static var definition: UnsafeMutablePointer<PyModuleDef>?

  static func prepare() {
    Python.prepare()
    WeakReferences.prepare()
    WSGIWrapper.prepare()
    WSGIEntry.prepare()
    ContextWrappers.prepare()
    ResponseIterator.prepare()
    RouteNames.prepare()
    PoolListeners.prepare()
    FrameWalk.prepare()
    RealStack.prepare()
    CoroutineUnits.prepare()
    Agent.nameUnit = HookCalls.unitName
    Agent.currentApp = RealStack.currentApp
    let module = UnsafeMutablePointer<PyModuleDef>.allocate(capacity: 1)
    module.initialize(to: PyModuleDef())
    module.pointee.m_base.ob_refcnt = 1
    module.pointee.m_name = UnsafeRawPointer(("_native" as StaticString).utf8Start).assumingMemoryBound(to: CChar.self)
    module.pointee.m_methods = methodTable(methods)
    definition = module
  }

  private static var methods: [PyMethodDef] {
    [
      method("configure", moduleConfigure), method("describe", moduleDescribe), method("attach", moduleAttach),
      method("detach", moduleDetach), method("is_attached", moduleIsAttached), method("problem", moduleProblem),
      method("warning", moduleWarning), method("install", moduleInstall), method("wrap_wsgi", moduleWrapWSGI),
      method("wsgi_entry", moduleWSGIEntry), method("wrap_push", moduleWrapPush), method("wrap_pop", moduleWrapPop),
      method("connection_opened", poolConnectionOpened), method("connection_closed", poolConnectionClosed),
      method("checked_out", poolCheckedOut), method("checked_in", poolCheckedIn),
      method("wrap_checkout", moduleWrapCheckout), method("detached", poolDetached), method("engine", poolEngine),
      method("teardown_failed", moduleTeardownFailed), method("session_orphaned", moduleSessionOrphaned),
      method("session_changed", moduleSessionChanged), method("resource_taken", moduleResourceTaken),
      method("released", moduleReleased), method("watch_sessions", moduleWatchSessions), method("hazard", moduleHazard),
      method("watch_pushes", moduleWatchPushes), method("permit", modulePermit),
      method("recycled", moduleRecycled), method("isolate", moduleIsolate), method("settle", moduleSettle),
      method("own_frames", moduleOwnFrames),
      method("watch_greenlets", moduleWatchGreenlets), method("watch_tasks", moduleWatchTasks),
      method("expect_coroutines", moduleExpectCoroutines),
    ]
  }
}
