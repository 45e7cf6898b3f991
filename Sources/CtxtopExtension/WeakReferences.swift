// What is known by the address of a Python object is forgotten when the object goes, and does not keep it alive.

import CCtxtop
@preconcurrency import CPython

/// Weak references to rules, types and applications. Needs the GIL.
enum WeakReferences {
  nonisolated(unsafe) private static var callback: Object! = nil

  static func prepare() { callback = PyCFunction_NewEx(methodTable([method("gone", gone)]), nil, nil) }

  /// A weak reference, new; nil (and no exception) where the object cannot be watched: nothing is to be kept of it.
  @inline(never)
  static func make(_ object: Object) -> Object? {
    let reference = PyWeakref_NewRef(object, callback)
    if reference == nil { PyErr_Clear() }
    return reference
  }
}

private let gone: FastFunction = { _, _, _ in
  RouteNames.forget()
  WSGIWrapper.forget()
  WSGIEntry.forget()
  return Python.newNone()
}
