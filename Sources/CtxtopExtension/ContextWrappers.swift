// What stands in the place of `AppContext.push`, `AppContext.pop`, `RequestContext.push` and
// `RequestContext.pop`: method descriptors that call the framework's own function and tell the agent.

import CCtxtop
@preconcurrency import CPython

enum ContextWrappers {
  /// The framework's own functions: push of app and request contexts, pop of both.
  nonisolated(unsafe) fileprivate static var originals: InlineArray<4, Object?> = InlineArray(repeating: nil)
  nonisolated(unsafe) private static var definitions: UnsafeMutablePointer<PyMethodDef>! = nil
  nonisolated(unsafe) private static var hasRequest: Object! = nil

  static func prepare() {
    hasRequest = Python.interned("has_request")
    definitions = methodTable([
      keywordMethod("push", pushApp), keywordMethod("push", pushRequest), keywordMethod("pop", popApp),
      keywordMethod("pop", popRequest),
    ])
  }

  /// A descriptor for a class in the place of `function`.
  fileprivate static func wrap(_ arguments: Arguments?, _ count: Int, offset: Int) -> Object? {
    guard let arguments, count == 3, let kind = Python.integer(arguments[2]), 0...2 ~= kind else {
      return Python.typeError("wrap_push(cls, function, kind)")
    }
    Agent.hasOneClassOfContexts = kind == 2
    let index = offset + Int(kind & 1)
    Py_IncRef(arguments[1])
    let old = originals[index]
    originals[index] = arguments[1]
    Py_DecRef(old)
    return PyDescr_NewMethod(arguments[0], definitions + index)
  }

  /// Calls the framework's function with its context in front of the arguments.
  @inline(__always)
  fileprivate static func callOriginal(
    _ index: Int, _ context: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    let all = count &+ (names == nil ? 0 : PyTuple_Size(names))
    if all <= 1 {
      // As the framework calls itself.
      var few = (context, all == 0 ? nil : arguments![0])
      return withUnsafeBytes(of: &few) {
        Python.call(originals[index], $0.baseAddress?.assumingMemoryBound(to: Object?.self), count &+ 1, names)
      }
    }
    return withUnsafeTemporaryAllocation(of: Object?.self, capacity: all &+ 1) { buffer in
      buffer[0] = context
      for argument in 0..<all { buffer[argument &+ 1] = arguments![argument] }
      return Python.call(originals[index], UnsafePointer(buffer.baseAddress!), count &+ 1, names)
    }
  }

  /// The kind of a context of the class that `known` stands for.
  @inline(__always)
  private static func kind(_ known: UInt32, _ context: Object?) -> UInt32 {
    known == 0 && Agent.hasOneClassOfContexts ? kindByRequest(context) : known
  }

  @inline(never)
  private static func kindByRequest(_ context: Object?) -> UInt32 {
    let answer = PyObject_GetAttr(context, hasRequest)
    if answer == nil { PyErr_Clear() }
    defer { Py_DecRef(answer) }
    return Python.integer(answer) == 1 ? 1 : 0
  }

  // One push and one pop for both kinds: the extension is small.
  @inline(never)
  fileprivate static func push(
    _ known: UInt32, _ context: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    CoroutineUnits.probeOutside()
    let kind = kind(known, context)
    let push = Agent.beginPush(kind: kind)
    let result = callOriginal(Int(known), context, arguments, count, names)
    Agent.endPush(push, kind: kind)
    guard result != nil else {
      pushRaised(kind, context)
      return nil
    }
    guard let unit = Agent.thread() else {
      // If the process attaches now, it finds this context on the real stack, and need not be told.
      HookCalls.firstEvent(context)
      return result
    }
    let identity = UInt64(UInt(bitPattern: context))
    let byFramework = Agent.isPushedByFramework(kind: kind, on: unit)
    if byFramework {
      Agent.contextPushed(kind: kind, identity: identity, frame: 0, on: unit)
    } else {
      Agent.contextPushed(kind: kind, identity: identity, frame: FrameWalk.first())
    }
    if kind == 1 {
      if byFramework {
        requestContextPushed(context, push)
      } else if Agent.isOutsideOfRequests, HookCalls.isKept(context) {
        Agent.keepTop()
      }
    }
    if kind == 1 || !byFramework { HookCalls.pushed() }
    if !byFramework, Agent.isOutsideOfRequests { HookCalls.pushedOutside() }
    return result
  }

  /// The request context of a request that a server is waiting for: its route is known now.
  @inline(__always)
  private static func requestContextPushed(_ context: Object?, _ push: Agent.ContextPush) {
    let names = RouteNames.names(of: context)
    guard let unit = Agent.thread() else { return }
    Agent.nameRequest(endpoint: names.endpoint, rule: names.rule, on: unit)
    // Where a request context is its own app context, it never runs on another's.
    if Agent.hasOneClassOfContexts { return }
    var origin = Agent.origin(of: push, on: unit)
    if origin == .unrecorded {
      RealStack.readAll()
      origin = Agent.origin(of: push)
    }
    if origin == .reused || origin == .found && !HookCalls.isMadeByClient(context) { Agent.contextReused() }
  }

  /// The framework's push raised, perhaps after it had put the context on its stack (a signal receiver).
  private static func pushRaised(_ kind: UInt32, _ context: Object?) {
    var exception = SetAsideException()
    defer { exception.restore() }
    HookCalls.raised(context, kind: kind, exception.object())
    let identity = UInt64(UInt(bitPattern: context))
    guard let found = RealStack.occurrences(of: context), found > Agent.timesRecorded(identity) else { return }
    Agent.contextPushed(kind: kind, identity: identity, frame: 0)
  }

  @inline(never)
  fileprivate static func pop(
    _ known: UInt32, _ context: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    let kind = kind(known, context)
    let unit = Agent.beginPop()
    let result = callOriginal(2 &+ Int(known), context, arguments, count, names)
    Agent.endChange(unit)
    guard result != nil else {
      popRaised(known, context)
      return nil
    }
    if known == 0 { HookCalls.popped(context) }
    Agent.contextPopped(kind: kind, identity: UInt64(UInt(bitPattern: context)))
    return result
  }

  /// The framework's pop raised: a teardown function, most likely. Whether the context went all the same
  /// depends on the version; the real stack tells.
  private static func popRaised(_ known: UInt32, _ context: Object?) {
    var exception = SetAsideException()
    defer { exception.restore() }
    let kind = kind(known, context)
    HookCalls.raised(context, kind: kind, exception.object())
    let identity = UInt64(UInt(bitPattern: context))
    guard let found = RealStack.occurrences(of: context), found < Agent.timesRecorded(identity) else { return }
    if known == 0 { HookCalls.popped(context) }
    Agent.contextPopped(kind: kind, identity: identity)
  }
}

private let pushApp: FastKeywordFunction = { ContextWrappers.push(0, $0, $1, $2, $3) }
private let pushRequest: FastKeywordFunction = { ContextWrappers.push(1, $0, $1, $2, $3) }
private let popApp: FastKeywordFunction = { ContextWrappers.pop(0, $0, $1, $2, $3) }
private let popRequest: FastKeywordFunction = { ContextWrappers.pop(1, $0, $1, $2, $3) }

/// wrap_push(cls, function, kind)
let moduleWrapPush: FastFunction = { _, arguments, count in ContextWrappers.wrap(arguments, count, offset: 0) }

/// wrap_pop(cls, function, kind)
let moduleWrapPop: FastFunction = { _, arguments, count in ContextWrappers.wrap(arguments, count, offset: 2) }
