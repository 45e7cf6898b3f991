// The response on its way to the server: an iterator around the application's own, so that its close() - or
// its end without one, when a server has abandoned it - is seen. Everything else goes to the original.

import CCtxtop
@preconcurrency import CPython

enum ResponseIterator {
  /// What lies behind the object's header.
  fileprivate struct State {
    var response: Object?
    var iterator: Object?
    var token = RequestToken()
  }

  private static let headerBytes = MemoryLayout<PyObject>.size
  nonisolated(unsafe) private static var type: Object! = nil
  nonisolated(unsafe) private static var close: Object! = nil
  nonisolated(unsafe) private static var slots: UnsafeMutablePointer<PyType_Slot>! = nil

  static func prepare() {
    close = Python.interned("close")
    let methods = methodTable([method("close", responseClose)])
    slots = .allocate(capacity: 8)
    set(0, Py_tp_dealloc, unsafeBitCast(responseDealloc, to: UnsafeMutableRawPointer.self))
    set(1, Py_tp_traverse, unsafeBitCast(responseTraverse, to: UnsafeMutableRawPointer.self))
    set(2, Py_tp_clear, unsafeBitCast(responseClear, to: UnsafeMutableRawPointer.self))
    set(3, Py_tp_iter, unsafeBitCast(responseIter, to: UnsafeMutableRawPointer.self))
    set(4, Py_tp_iternext, unsafeBitCast(responseNext, to: UnsafeMutableRawPointer.self))
    set(5, Py_tp_getattro, unsafeBitCast(responseAttribute, to: UnsafeMutableRawPointer.self))
    set(6, Py_tp_methods, UnsafeMutableRawPointer(methods))
    (slots + 7).initialize(to: PyType_Slot())
    var specification = PyType_Spec()
    specification.name = UnsafeRawPointer(("ctxtop.Response" as StaticString).utf8Start).assumingMemoryBound(
      to: CChar.self)
    specification.basicsize = Int32(headerBytes + MemoryLayout<State>.stride)
    specification.flags = UInt32(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC)
    specification.slots = slots
    type = PyType_FromSpec(&specification)
  }

  private static func set(_ index: Int, _ slot: Int, _ function: UnsafeMutableRawPointer) {
    (slots + index).initialize(to: PyType_Slot(slot: Int32(slot), pfunc: function))
  }

  /// Takes the response (a reference) and returns what the server gets; the response itself where there is no
  /// memory, and the request then ends at once.
  static func wrap(_ response: Object, _ token: RequestToken) -> Object? {
    guard type != nil, let object = PyType_GenericAlloc(type, 0) else {
      PyErr_Clear()
      var token = token
      WSGIWrapper.finish(&token, nil, nil, raised: false)
      return response
    }
    state(object).initialize(to: State(response: response, iterator: nil, token: token))
    return object
  }

  @inline(__always)
  fileprivate static func state(_ object: Object) -> UnsafeMutablePointer<State> {
    (UnsafeMutableRawPointer(object) + headerBytes).assumingMemoryBound(to: State.self)
  }

  fileprivate static func next(_ object: Object) -> Object? {
    let state = state(object)
    Agent.resumeRequest(&state.pointee.token)
    defer { Agent.pauseRequest(state.pointee.token) }
    if state.pointee.iterator == nil {
      Agent.streamRequest(state.pointee.token)
      guard let response = state.pointee.response, let iterator = PyObject_GetIter(response) else { return nil }
      state.pointee.iterator = iterator
    }
    return PyIter_Next(state.pointee.iterator)
  }

  /// Closes the original, then ends the request; an exception of the original's goes on to the server.
  fileprivate static func close(_ object: Object) -> Object? {
    let state = state(object)
    var result: Object?
    Agent.resumeRequest(&state.pointee.token)
    if let method = PyObject_GetAttr(state.pointee.response, close) {
      result = Python.call(method, nil, 0)
      Py_DecRef(method)
    } else if PyErr_ExceptionMatches(PyExc_AttributeError) == 1 {
      PyErr_Clear()
      result = Python.newNone()
    }
    end(state, raised: result == nil)
    return result
  }

  private static func end(_ state: UnsafeMutablePointer<State>, raised: Bool, isCollected: Bool = false) {
    guard state.pointee.token.isOpen else { return }
    WSGIWrapper.finish(&state.pointee.token, nil, nil, raised: raised, isCollected: isCollected)
  }

  /// Attributes that we do not have are the original's.
  fileprivate static func attribute(_ object: Object, _ name: Object?) -> Object? {
    if let own = PyObject_GenericGetAttr(object, name) { return own }
    guard PyErr_ExceptionMatches(PyExc_AttributeError) == 1 else { return nil }
    PyErr_Clear()
    return PyObject_GetAttr(state(object).pointee.response, name)
  }

  fileprivate static func traverse(_ object: Object, _ visit: visitproc, _ argument: UnsafeMutableRawPointer?) -> Int32
  {
    let state = state(object)
    let first = visited(state.pointee.response, visit, argument)
    if first != 0 { return first }
    let second = visited(state.pointee.iterator, visit, argument)
    if second != 0 { return second }
    return visited(object.pointee.ob_type, visit, argument)
  }

  private static func visited(_ reference: Object?, _ visit: visitproc, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    reference.map { visit($0, argument) } ?? 0
  }

  fileprivate static func clear(_ object: Object) {
    let state = state(object)
    let references = (state.pointee.response, state.pointee.iterator)
    state.pointee.response = nil
    state.pointee.iterator = nil
    Py_DecRef(references.1)
    Py_DecRef(references.0)
  }

  /// The server let go of the response; without a close(), the request is over all the same. What closing the
  /// generator would have cleaned up runs first, with the last reference to it.
  fileprivate static func deallocate(_ object: Object) {
    PyObject_GC_UnTrack(object)
    let exception = SetAsideException()
    Agent.resumeRequest(&state(object).pointee.token)
    clear(object)
    end(state(object), raised: false, isCollected: true)
    exception.restore()
    let type = object.pointee.ob_type
    let free = unsafeBitCast(
      PyType_GetSlot(type, Int32(Py_tp_free)), to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
    free(object)
    Py_DecRef(type)
  }
}

private let responseDealloc: @convention(c) (Object?) -> Void = {
  if let object = $0 { ResponseIterator.deallocate(object) }
}
private let responseTraverse: @convention(c) (Object?, visitproc?, UnsafeMutableRawPointer?) -> Int32 = {
  guard let object = $0, let visit = $1 else { return 0 }
  return ResponseIterator.traverse(object, visit, $2)
}
private let responseClear: @convention(c) (Object?) -> Int32 = {
  if let object = $0 { ResponseIterator.clear(object) }
  return 0
}
private let responseIter: @convention(c) (Object?) -> Object? = {
  Py_IncRef($0)
  return $0
}
private let responseNext: @convention(c) (Object?) -> Object? = { $0.flatMap { ResponseIterator.next($0) } }
private let responseAttribute: @convention(c) (Object?, Object?) -> Object? = { object, name in
  object.flatMap { ResponseIterator.attribute($0, name) }
}
private let responseClose: FastFunction = { object, _, _ in object.flatMap { ResponseIterator.close($0) } }
