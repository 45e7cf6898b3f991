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

  nonisolated(unsafe) private static var type: Object?
  nonisolated(unsafe) private static var close: Object! = nil
  /// The only method.
  nonisolated(unsafe) private static var methods: UnsafeMutablePointer<PyMethodDef>! = nil

  static func prepare() {
    close = Python.interned("close")
    methods = methodTable([method("close", responseClose)])
    type = NativeTypes.make(
      "ctxtop.Response", State.self,
      [
        NativeTypes.slot(Py_tp_dealloc, responseDealloc), NativeTypes.slot(Py_tp_traverse, responseTraverse),
        NativeTypes.slot(Py_tp_clear, responseClear), NativeTypes.slot(Py_tp_iter, responseIter),
        NativeTypes.slot(Py_tp_iternext, responseNext), NativeTypes.slot(Py_tp_getattro, responseAttribute),
        NativeTypes.slot(Py_tp_methods, methods!),
      ])
  }

  /// Takes the response (a reference) and returns what the server gets; the response itself where there is no
  /// memory, and the request then ends at once.
  static func wrap(_ response: Object, _ token: inout RequestToken) -> Object? {
    guard let type, let object = PyType_GenericAlloc(type, 0) else {
      PyErr_Clear()
      WSGIWrapper.finish(&token, nil, nil, raised: false)
      return response
    }
    // All else is zero as it comes.
    state(object).pointee.response = response
    state(object).pointee.token.take(&token)
    return object
  }

  @inline(__always)
  fileprivate static func state(_ object: Object) -> UnsafeMutablePointer<State> { NativeTypes.state(of: object) }

  fileprivate static func next(_ object: Object) -> Object? {
    let state = state(object)
    let unit = Agent.resumeRequest(&state.pointee.token)
    defer { Agent.pauseRequest(state.pointee.token, on: unit) }
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
    Agent.resumeRequest(&state.pointee.token)
    let result = closed(state.pointee.response)
    end(state, raised: result == nil)
    return result
  }

  @inline(__always)
  private static func closed(_ response: Object?) -> Object? {
    guard let response else { return Python.newNone() }
    if let result = Python.call(method: close, of: response) { return result }
    guard PyErr_ExceptionMatches(PyExc_AttributeError) == 1, !canBeClosed(response) else { return nil }
    PyErr_Clear()
    return Python.newNone()
  }

  /// Whether it was not for want of a method that an AttributeError is being raised.
  private static func canBeClosed(_ response: Object) -> Bool {
    let exception = SetAsideException()
    defer { exception.restore() }
    let method = PyObject_GetAttr(response, close)
    let isMissing = method == nil && PyErr_ExceptionMatches(PyExc_AttributeError) == 1
    if method == nil { HookCalls.forget() }
    Py_DecRef(method)
    return !isMissing
  }

  private static func end(_ state: UnsafeMutablePointer<State>, raised: Bool, isCollected: Bool = false) {
    guard state.pointee.token.isOpen else { return }
    WSGIWrapper.finish(&state.pointee.token, nil, nil, raised: raised, isCollected: isCollected)
  }

  /// Attributes that we do not have are the original's. The method is looked for first: servers ask for it up to three
  /// times, by a string of their own that CPython's caches do not know.
  fileprivate static func attribute(_ object: Object, _ name: Object?) -> Object? {
    if name == close || Python.isString(name, methods.pointee.ml_name) {
      return PyCFunction_NewEx(methods, object, nil)
    }
    if let own = PyObject_GenericGetAttr(object, name) { return own }
    guard PyErr_ExceptionMatches(PyExc_AttributeError) == 1 else { return nil }
    PyErr_Clear()
    return PyObject_GetAttr(state(object).pointee.response, name)
  }

  fileprivate static func traverse(_ object: Object, _ visit: visitproc, _ argument: UnsafeMutableRawPointer?) -> Int32
  {
    let state = state(object)
    let first = NativeTypes.visited(state.pointee.response, visit, argument)
    if first != 0 { return first }
    let second = NativeTypes.visited(state.pointee.iterator, visit, argument)
    if second != 0 { return second }
    return NativeTypes.visited(object.pointee.ob_type, visit, argument)
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
    NativeTypes.free(object)
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
