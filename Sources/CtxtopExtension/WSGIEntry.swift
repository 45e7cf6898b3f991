// What stands for `Flask.wsgi_app` in the class, so that nothing of ours need be kept in an application: a wrapper
// there would be a cycle, and Flask promises (and tests) that an application without references is freed at once.
//
// It is a method: `app.wsgi_app(environ, start_response)` calls it without making an object first, and it asks
// whether this application is watched. On the class itself it is the framework's function, as if we were not there;
// what `app.wsgi_app` is on its own is a bound method, and of a watched application a wrapper of it.

import CCtxtop
@preconcurrency import CPython

enum WSGIEntry {
  /// What lies behind the object's header: two words.
  fileprivate struct State {
    var call: FastKeywordFunction?
    /// The framework's. Never cleared by a collection: whatever is in a cycle with it can be.
    var function: Object?
  }

  private typealias Bind = @convention(c) (Object?, Object?, Object?) -> Object?
  nonisolated(unsafe) private static var type: Object?
  /// In the dictionary of an application that is watched by way of its class.
  nonisolated(unsafe) private static var mark: Object?
  /// An application that is known to be watched: the first one. Not held.
  nonisolated(unsafe) private static var known: Object?
  nonisolated(unsafe) private static var watch: Object?

  static func prepare() {
    guard let call = dlsym(nil, "PyVectorcall_Call") else { return }
    type = NativeTypes.make(
      "ctxtop.Entry", State.self, flags: Py_TPFLAGS_METHOD_DESCRIPTOR | Py_TPFLAGS_HAVE_VECTORCALL,
      [
        NativeTypes.slot(Py_tp_dealloc, entryDealloc), NativeTypes.slot(Py_tp_traverse, entryTraverse),
        NativeTypes.slot(Py_tp_descr_get, entryGet), NativeTypes.slot(Py_tp_call, call),
        NativeTypes.slot(Py_tp_members, members()),
      ])
  }

  /// Where CPython finds the function to call; and `__wrapped__`, for whoever looks into the class.
  private static func members() -> UnsafeMutablePointer<PyMemberDef> {
    let table = UnsafeMutablePointer<PyMemberDef>.allocate(capacity: 3)
    table.initialize(to: member("__vectorcalloffset__", Py_T_PYSSIZET, word: 0))
    (table + 1).initialize(to: member("__wrapped__", Py_T_OBJECT_EX, word: 1))
    (table + 2).initialize(to: PyMemberDef())
    return table
  }

  private static func member(_ name: StaticString, _ type: Int, word: Int) -> PyMemberDef {
    var member = PyMemberDef()
    member.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    member.type = Int32(type)
    member.offset = NativeTypes.headerBytes + word * MemoryLayout<Object?>.stride
    member.flags = Int32(Py_READONLY)
    return member
  }

  /// A descriptor for a class in the place of `function`, for the applications that bear the mark.
  fileprivate static func make(_ function: Object?, _ newMark: Object?) -> Object? {
    guard let function, let type, PyType_GetSlot(function.pointee.ob_type, Int32(Py_tp_descr_get)) != nil else {
      return Python.typeError("wsgi_entry(function, mark)")
    }
    guard let object = PyType_GenericAlloc(type, 0) else { return nil }
    Py_IncRef(function)
    Py_IncRef(newMark)
    Py_DecRef(mark)
    mark = newMark
    state(object).initialize(to: State(call: entryCall, function: function))
    return object
  }

  /// An application went whose address may soon be another one's.
  static func forget() { known = nil }

  @inline(__always)
  fileprivate static func state(_ object: Object) -> UnsafeMutablePointer<State> { NativeTypes.state(of: object) }

  @inline(__always)
  fileprivate static func call(_ object: Object, _ arguments: Arguments?, _ flags: Int, _ names: Object?) -> Object? {
    let function = state(object).pointee.function
    // The highest bit says something else.
    let count = flags & .max
    guard count > 0, let app = arguments![0], app == known || isWatched(app) else {
      return Python.call(function, arguments, count, names)
    }
    return WSGIWrapper.serve(function, app, count > 1 ? arguments![1] : nil, arguments, count, names)
  }

  /// Looks at an application that may be another one than the first.
  @inline(never)
  private static func isWatched(_ app: Object) -> Bool {
    guard let attributes = PyObject_GenericGetDict(app, nil) else {
      HookCalls.forget()
      return false
    }
    defer { Py_DecRef(attributes) }
    if PyDict_GetItemWithError(attributes, mark) == nil {
      if PyErr_Occurred() != nil { HookCalls.forget() }
      return false
    }
    if known == nil, let reference = WeakReferences.make(app) {
      Py_DecRef(watch)
      watch = reference
      known = app
    }
    return true
  }

  /// On the class its function; on an application a bound method, wrapped where it is watched. Without memory for the
  /// wrapper the request is served, and not seen.
  fileprivate static func get(_ object: Object, _ app: Object?, _ cls: Object?) -> Object? {
    let function = state(object).pointee.function
    guard let app else {
      Py_IncRef(function)
      return function
    }
    let bind = unsafeBitCast(PyType_GetSlot(function?.pointee.ob_type, Int32(Py_tp_descr_get)), to: Bind.self)
    guard let method = bind(function, app, cls) else { return nil }
    guard isWatched(app) else { return method }
    guard let wrapper = WSGIWrapper.wrap(method, app) else {
      PyErr_Clear()
      return method
    }
    Py_DecRef(method)
    return wrapper
  }

  fileprivate static func deallocate(_ object: Object) {
    PyObject_GC_UnTrack(object)
    Py_DecRef(state(object).pointee.function)
    NativeTypes.free(object)
  }

  fileprivate static func traverse(_ object: Object, _ visit: visitproc, _ argument: UnsafeMutableRawPointer?) -> Int32
  {
    let first = NativeTypes.visited(state(object).pointee.function, visit, argument)
    return first != 0 ? first : NativeTypes.visited(object.pointee.ob_type, visit, argument)
  }
}

private let entryCall: FastKeywordFunction = { object, arguments, flags, names in
  object.flatMap { WSGIEntry.call($0, arguments, flags, names) }
}
private let entryGet: @convention(c) (Object?, Object?, Object?) -> Object? = { object, app, cls in
  object.flatMap { WSGIEntry.get($0, app, cls) }
}
private let entryDealloc: @convention(c) (Object?) -> Void = { if let object = $0 { WSGIEntry.deallocate(object) } }
private let entryTraverse: @convention(c) (Object?, visitproc?, UnsafeMutableRawPointer?) -> Int32 = {
  guard let object = $0, let visit = $1 else { return 0 }
  return WSGIEntry.traverse(object, visit, $2)
}

/// wsgi_entry(function, mark)
let moduleWSGIEntry: FastFunction = { _, arguments, count in
  guard let arguments, count == 2 else { return Python.typeError("wsgi_entry(function, mark)") }
  return WSGIEntry.make(arguments[0], arguments[1])
}
