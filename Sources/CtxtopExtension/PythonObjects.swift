// How the extension speaks with CPython: objects, calls, errors, text. Every function here needs the GIL.

import CCtxtop
@preconcurrency import CPython

/// A Python object; who owns the reference is said where it matters ("new" or "borrowed").
typealias Object = UnsafeMutablePointer<PyObject>
/// Arguments of a vectorcall.
typealias Arguments = UnsafePointer<UnsafeMutablePointer<PyObject>?>
/// A function that takes positional arguments as an array.
typealias FastFunction = @convention(c) (Object?, Arguments?, Py_ssize_t) -> Object?
/// The same with keyword arguments: their names as a tuple, their values behind the others.
typealias FastKeywordFunction = @convention(c) (Object?, Arguments?, Py_ssize_t, Object?) -> Object?

/// What is looked up once, when the module is loaded.
enum Python {
  nonisolated(unsafe) static var none: Object! = nil
  nonisolated(unsafe) private static var vectorcall: ctxtop_vectorcall?
  nonisolated(unsafe) private static var vectorcallMethod: ctxtop_vectorcall?
  nonisolated(unsafe) private static var contextVariableGet: ctxtop_contextvar_get?
  nonisolated(unsafe) private static var get: Object! = nil

  static func prepare() {
    none = withUnsafeMutablePointer(to: &_Py_NoneStruct) { $0 }
    if let symbol = dlsym(nil, "PyObject_Vectorcall") { vectorcall = unsafeBitCast(symbol, to: ctxtop_vectorcall.self) }
    if let symbol = dlsym(nil, "PyObject_VectorcallMethod") {
      vectorcallMethod = unsafeBitCast(symbol, to: ctxtop_vectorcall.self)
    }
    if let symbol = dlsym(nil, "PyContextVar_Get") {
      contextVariableGet = unsafeBitCast(symbol, to: ctxtop_contextvar_get.self)
    }
    get = interned("get")
  }

  /// None, as a new reference.
  @inline(__always)
  static func newNone() -> Object? {
    Py_IncRef(none)
    return none
  }

  /// An interned string that lives as long as the process.
  static func interned(_ text: StaticString) -> Object? {
    PyUnicode_InternFromString(UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
  }

  /// Calls an object. New reference, or nil with an exception set.
  @inline(__always)
  static func call(_ callable: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object? = nil) -> Object? {
    if let vectorcall { return vectorcall(callable, arguments, count, names) }
    return callSlowly(callable, arguments, count, names)
  }

  @inline(never)
  private static func callSlowly(_ callable: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?)
    -> Object?
  {
    guard let tuple = PyTuple_New(count) else { return nil }
    defer { Py_DecRef(tuple) }
    for index in 0..<count {
      Py_IncRef(arguments![index])
      _ = PyTuple_SetItem(tuple, index, arguments![index])
    }
    guard let names, let keywords = PyDict_New() else { return PyObject_Call(callable, tuple, nil) }
    defer { Py_DecRef(keywords) }
    for index in 0..<PyTuple_Size(names) {
      _ = PyDict_SetItem(keywords, PyTuple_GetItem(names, index), arguments![count + index])
    }
    return PyObject_Call(callable, tuple, keywords)
  }

  /// Calls an object with one argument. New reference, or nil with an exception set.
  static func call(_ callable: Object?, _ argument: Object?) -> Object? {
    withUnsafePointer(to: argument) { call(callable, $0, 1) }
  }

  /// Calls a method without arguments. New reference, or nil with an exception set.
  static func call(method name: Object?, of object: Object) -> Object? {
    var own: Object? = object
    if let vectorcallMethod { return vectorcallMethod(name, &own, 1, nil) }
    guard let method = PyObject_GetAttr(object, name) else { return nil }
    defer { Py_DecRef(method) }
    return call(method, nil, 0)
  }

  /// Whether an object is a certain string.
  @inline(__always)
  static func isString(_ object: Object?, _ text: UnsafePointer<CChar>) -> Bool {
    let type = withUnsafeMutablePointer(to: &PyUnicode_Type) { $0 }
    return object?.pointee.ob_type == type && PyUnicode_CompareWithASCIIString(object, text) == 0
  }

  /// The value of a context variable in the current context: new reference, or nil where it has none (or is None).
  static func value(of variable: Object?) -> Object? {
    guard let variable else { return nil }
    var value: Object?
    if let contextVariableGet {
      if contextVariableGet(variable, nil, &value) != 0 { PyErr_Clear() }
    } else {
      value = valueSlowly(of: variable)
    }
    guard value == none else { return value }
    Py_DecRef(value)
    return nil
  }

  private static func valueSlowly(of variable: Object) -> Object? {
    guard let method = PyObject_GetAttr(variable, get) else {
      PyErr_Clear()
      return nil
    }
    defer { Py_DecRef(method) }
    let value = call(method, none)
    if value == nil { PyErr_Clear() }
    return value
  }

  /// A string's bytes, valid as long as the object; nil (and no exception) where it is not a string.
  @inline(__always)
  static func utf8(_ object: Object?) -> UnsafeRawBufferPointer? {
    var count: Py_ssize_t = 0
    guard let object, let text = PyUnicode_AsUTF8AndSize(object, &count) else {
      PyErr_Clear()
      return nil
    }
    return UnsafeRawBufferPointer(start: text, count: count)
  }

  /// A string's text; empty where it is not a string.
  static func text(_ object: Object?) -> String {
    guard let bytes = utf8(object) else { return "" }
    return String.repairing(bytes)
  }

  /// An integer; nil (and no exception) where it is none.
  static func integer(_ object: Object?) -> Int64? {
    let value = PyLong_AsLongLong(object)
    if value == -1, PyErr_Occurred() != nil {
      PyErr_Clear()
      return nil
    }
    return value
  }

  /// The name of a text in the slot; 0 for None.
  static func name(_ object: Object?) -> UInt32 {
    guard let object, object != none, let text = utf8(object) else { return 0 }
    return Agent.name(text)
  }

  /// A new string.
  static func string(_ text: String) -> Object? {
    text.withBytes { PyUnicode_FromStringAndSize($0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count) } ?? nil
  }

  /// Raises a TypeError: the only exceptions that are ours are towards our own Python code.
  static func typeError(_ text: StaticString) -> Object? {
    PyErr_SetString(PyExc_TypeError, UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self))
    return nil
  }
}

/// The exception that is being raised, set aside while a hook does its work.
struct SetAsideException {
  private var type: Object?
  private var value: Object?
  private var traceback: Object?

  /// Takes the current exception, if there is one.
  init() { PyErr_Fetch(&type, &value, &traceback) }

  /// The exception as an object with its traceback; borrowed. Nil: there was none.
  mutating func object() -> Object? {
    if type == nil { return nil }
    PyErr_NormalizeException(&type, &value, &traceback)
    if let value, let traceback { _ = PyException_SetTraceback(value, traceback) }
    return value
  }

  /// Raises it again. Whatever was raised meanwhile was ours, and is forgotten.
  func restore() { PyErr_Restore(type, value, traceback) }
}

/// Entries of a method table, which CPython keeps pointers into: made once, for the life of the process.
func methodTable(_ methods: [PyMethodDef]) -> UnsafeMutablePointer<PyMethodDef> {
  let table = UnsafeMutablePointer<PyMethodDef>.allocate(capacity: methods.count + 1)
  for (index, method) in methods.enumerated() { (table + index).initialize(to: method) }
  (table + methods.count).initialize(to: PyMethodDef())
  return table
}

/// One entry of a method table.
func method(_ name: StaticString, _ function: FastFunction) -> PyMethodDef {
  definition(name, unsafeBitCast(function, to: PyCFunction.self), METH_FASTCALL)
}

/// One entry of a method table, for a function that takes keywords as well.
func keywordMethod(_ name: StaticString, _ function: FastKeywordFunction) -> PyMethodDef {
  definition(name, unsafeBitCast(function, to: PyCFunction.self), METH_FASTCALL | METH_KEYWORDS)
}

private func definition(_ name: StaticString, _ function: PyCFunction?, _ flags: Int) -> PyMethodDef {
  var definition = PyMethodDef()
  definition.ml_name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
  definition.ml_meth = function
  definition.ml_flags = Int32(flags)
  return definition
}
