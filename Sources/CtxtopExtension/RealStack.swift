// The record of a thread's contexts, made to agree with the framework's own stack. On the fast path both
// context variables are empty and nothing is recorded: three comparisons.

import CCtxtop
@preconcurrency import CPython

enum RealStack {
  nonisolated(unsafe) private static var appVariable: Object?
  nonisolated(unsafe) private static var requestVariable: Object?
  /// What lies on the stack around an isolated request; nil: requests are not isolated.
  nonisolated(unsafe) private static var outerVariable: Object?
  nonisolated(unsafe) private static var tokens: Object! = nil
  nonisolated(unsafe) private static var pushCount: Object! = nil
  private static let limit = 64

  static func prepare() {
    tokens = Python.interned("_cv_tokens")  // up to 3.1
    pushCount = Python.interned("_push_count")  // from 3.2 on
  }

  /// Flask's context variables, the same one twice where it has only one; None on versions that keep their
  /// stacks elsewhere.
  static func install(app: Object?, request: Object?) {
    appVariable = app == Python.none ? nil : app
    requestVariable = request == Python.none ? nil : request
    Py_IncRef(appVariable)
    Py_IncRef(requestVariable)
  }

  /// How often a context is on the real stack; nil: it could not be read.
  static func occurrences(of context: Object?) -> Int? {
    guard let stack = HookCalls.stack() else { return nil }
    defer { Py_DecRef(stack) }
    var count = 0
    for index in 0..<max(PyTuple_Size(stack), 0) where PyTuple_GetItem(PyTuple_GetItem(stack, index), 1) == context {
      count &+= 1
    }
    return count
  }

  /// Requests run in Contexts of their own from now on, and `outer` holds what is on the stack around them.
  static func isolate(outer: Object?) {
    Py_IncRef(outer)
    outerVariable = outer
  }

  /// The current app context by Flask's context variable. A context has tokens as long as it is pushed; up to 2.1
  /// there is no variable, and what is current is on the unit's own stack.
  static let currentApp: @convention(c) (UnsafeMutablePointer<Bool>) -> UInt64 = { isPushed in
    let exception = SetAsideException()
    defer { exception.restore() }
    guard let context = Python.value(of: appVariable) else { return 0 }
    defer { Py_DecRef(context) }
    isPushed.pointee = isTrue(context, tokens) ?? isTrue(context, pushCount) ?? true
    return UInt64(UInt(bitPattern: context))
  }

  /// Whether an attribute is true; nil where the object has none of this name.
  private static func isTrue(_ object: Object?, _ attribute: Object?) -> Bool? {
    guard let value = PyObject_GetAttr(object, attribute) else {
      PyErr_Clear()
      return nil
    }
    defer { Py_DecRef(value) }
    return PyObject_IsTrue(value) != 0
  }

  private static var isEmpty: Bool {
    guard appVariable != nil else { return false }
    if let outerVariable, let outer = Python.value(of: outerVariable) {
      Py_DecRef(outer)
      return false
    }
    let app = Python.value(of: appVariable)
    let request = Python.value(of: requestVariable)
    Py_DecRef(app)
    Py_DecRef(request)
    return app == nil && request == nil
  }

  /// The record agrees with the real stack afterwards. False: nothing is on it.
  static func refresh() -> Bool {
    if isEmpty {
      if Agent.recordedContexts > 0 { Agent.reconcile(with: UnsafeBufferPointer(start: nil, count: 0)) }
      return false
    }
    readAll()
    return true
  }

  /// Right after the attach: what this thread has on its stacks was pushed before.
  static func adopt() {
    if !isEmpty { readAll() }
  }

  /// A request is about to end: the record agrees with the real stack afterwards, and what the request leaves
  /// behind is marked. `environ` and `app` name a request that failed before it was routed; nil: not known.
  ///
  /// `isCollected`: nobody closed the response, it is being freed, perhaps by a garbage collection that CPython runs
  /// in the middle of setting a context variable. Reading the variable now would leave it a cached value that goes
  /// a moment later, and the next to read it would get freed memory. The Python side reads it without that cache.
  static func settle(_ token: inout RequestToken, environ: Object?, app: Object?, isCollected: Bool = false) {
    guard let unit = Agent.unit(of: token) else { return }
    if !isCollected, isEmpty {
      if Agent.recordedContexts(on: unit) > 0 { Agent.reconcile(with: UnsafeBufferPointer(start: nil, count: 0)) }
      return
    }
    let exception = SetAsideException()
    defer { exception.restore() }
    readAll()
    guard Agent.leavesContexts(token) else { return }
    var names: (endpoint: UInt32, rule: UInt32) = (0, 0)
    if let environ, let app, Label(word: Agent.openLabel).endpoint == 0 { names = HookCalls.route(environ, app) }
    _ = Agent.markLeft(token, endpoint: names.endpoint, rule: names.rule)
  }

  /// Reads the real stack through Python and reconciles the record with it.
  static func readAll() {
    guard let stack = HookCalls.stack() else { return }
    defer { Py_DecRef(stack) }
    let count = min(PyTuple_Size(stack), limit)
    if count < 0 { return PyErr_Clear() }
    withUnsafeTemporaryAllocation(of: StackEntry.self, capacity: limit) { entries in
      var own = 0
      for index in 0..<count {
        let entry = entry(PyTuple_GetItem(stack, index))
        // What another unit pushed is current here only as a copy.
        if Agent.isCopy(entry.identity) { continue }
        entries.initializeElement(at: own, to: entry)
        own &+= 1
      }
      Agent.reconcile(with: UnsafeBufferPointer(rebasing: entries[..<own]))
    }
  }

  private static func entry(_ pair: Object?) -> StackEntry {
    let context = PyTuple_GetItem(pair, 1)
    let kind = UInt32(truncatingIfNeeded: Python.integer(PyTuple_GetItem(pair, 0)) ?? 0)
    let identity = UInt64(UInt(bitPattern: context))
    let frame = Agent.isRecorded(identity) ? 0 : HookCalls.origin(context)
    return StackEntry(kind: kind & (1 | StackEntry.preserved), identity: identity, frame: frame)
  }
}
