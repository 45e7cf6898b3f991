// What stands in the place of `app.wsgi_app`: a native function that begins a request, calls the
// application, and sees to it that the request ends when the response is closed.

import CCtxtop
@preconcurrency import CPython

enum WSGIWrapper {
  nonisolated(unsafe) private static var definition: UnsafeMutablePointer<PyMethodDef>! = nil
  nonisolated(unsafe) private static var requestMethod: Object! = nil
  nonisolated(unsafe) private static var fileWrapper: Object! = nil
  nonisolated(unsafe) private static var read: Object! = nil
  nonisolated(unsafe) private static var close: Object! = nil
  nonisolated(unsafe) private static var iterate: Object! = nil
  nonisolated(unsafe) private static var length: Object! = nil
  /// A type of response that is known to need watching: Flask's, after the first request. Not held: it may be made
  /// by an application that is thrown away.
  nonisolated(unsafe) private static var plainType: Object?
  nonisolated(unsafe) private static var plainWatch: Object?

  static func prepare() {
    definition = methodTable([keywordMethod("wsgi_app", wsgiCall)])
    requestMethod = Python.interned("REQUEST_METHOD")
    fileWrapper = Python.interned("wsgi.file_wrapper")
    read = Python.interned("read")
    close = Python.interned("close")
    iterate = Python.interned("__iter__")
    length = Python.interned("__len__")
  }

  /// A type went whose address may soon be another one's.
  static func forget() { plainType = nil }

  /// A function that holds the application's own callable and the application.
  static func wrap(_ callable: Object?, _ app: Object?) -> Object? {
    guard let both = PyTuple_New(2) else { return nil }
    defer { Py_DecRef(both) }
    Py_IncRef(callable)
    Py_IncRef(app)
    _ = PyTuple_SetItem(both, 0, callable)
    _ = PyTuple_SetItem(both, 1, app)
    return PyCFunction_NewEx(definition, both, nil)
  }

  @inline(__always)
  fileprivate static func call(
    _ both: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    let environ = count > 0 ? arguments![0] : nil
    return serve(PyTuple_GetItem(both, 0), PyTuple_GetItem(both, 1), environ, arguments, count, names)
  }

  /// A request: begins, is what `callable` makes of it, and ends with its response. `environ` is one of the arguments,
  /// nil where it is not known; it and `app` name a request that fails before it is routed.
  @inline(never)
  static func serve(
    _ callable: Object?, _ app: Object?, _ environ: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    if Agent.attachment == 0 { HookCalls.firstEvent(nil) }
    CoroutineUnits.probe()
    var token = Agent.beginRequest(method: method(environ))
    let response = Python.call(callable, arguments, count, names)
    guard token.isOpen else { return response }
    Agent.pauseRequest(token)
    guard let response else {
      finish(&token, environ, app, raised: true)
      return nil
    }
    if isServersOwn(response, environ) {
      finish(&token, environ, app, raised: false)
      return response
    }
    return ResponseIterator.wrap(response, &token)
  }

  /// Ends a request: its response is closed, or needs no closing.
  @inline(never)
  static func finish(
    _ token: inout RequestToken, _ environ: Object?, _ app: Object?, raised: Bool, isCollected: Bool = false
  ) {
    RealStack.settle(&token, environ: environ, app: app, isCollected: isCollected)
    Agent.endRequest(&token, raised: raised)
  }

  @inline(__always)
  private static func method(_ environ: Object?) -> UInt8 {
    guard let environ, let value = PyDict_GetItemWithError(environ, requestMethod) else {
      PyErr_Clear()
      return 0
    }
    guard let text = Python.utf8(value), let start = text.baseAddress else { return 0 }
    return Method.number(start.assumingMemoryBound(to: UInt8.self), text.count)
  }

  /// Whether the server must get the response as it is: files that it may send by itself (gunicorn asks for the type
  /// of its wrapper, uWSGI for the very object), and what it may have a way of its own with and nobody closes: lists,
  /// tuples, bytes, and what is no response at all.
  @inline(__always)
  private static func isServersOwn(_ response: Object, _ environ: Object?) -> Bool {
    let type = response.pointee.ob_type
    if type == plainType { return false }
    return classify(response, type, environ)
  }

  private static func classify(_ response: Object, _ type: Object?, _ environ: Object?) -> Bool {
    let list = withUnsafeMutablePointer(to: &PyList_Type) { $0 }
    let tuple = withUnsafeMutablePointer(to: &PyTuple_Type) { $0 }
    if type == list || type == tuple { return true }
    if has(response, read) { return true }
    if let environ, let wrapper = PyDict_GetItemWithError(environ, fileWrapper) {
      if PyObject_IsInstance(response, wrapper) == 1 { return true }
    }
    if PyErr_Occurred() != nil { HookCalls.forget() }
    if !has(response, close), !has(response, iterate) || has(response, length) { return true }
    if let type, let watch = WeakReferences.make(type) {
      Py_DecRef(plainWatch)
      plainWatch = watch
      plainType = type
    }
    return false
  }

  private static func has(_ object: Object, _ attribute: Object) -> Bool {
    guard let value = PyObject_GetAttr(object, attribute) else {
      HookCalls.forget()
      return false
    }
    Py_DecRef(value)
    return true
  }
}

private let wsgiCall: FastKeywordFunction = { WSGIWrapper.call($0, $1, $2, $3) }

/// wrap_wsgi(callable, app)
let moduleWrapWSGI: FastFunction = { _, arguments, count in
  guard let arguments, count == 2 else { return Python.typeError("wrap_wsgi(callable, app)") }
  return WSGIWrapper.wrap(arguments[0], arguments[1])
}
