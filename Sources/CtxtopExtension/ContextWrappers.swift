// What stands in the place of `AppContext.push`, `AppContext.pop`, `RequestContext.push` and
// `RequestContext.pop`: method descriptors that call the framework's own function and tell the agent.

import CCtxtop
@preconcurrency import CPython

enum ContextWrappers {
  /// The framework's own functions: push of app and request contexts, pop of both.
  nonisolated(unsafe) fileprivate static var originals: InlineArray<4, Object?> = InlineArray(repeating: nil)
  nonisolated(unsafe) private static var definitions: UnsafeMutablePointer<PyMethodDef>! = nil

  static func prepare() {
    definitions = methodTable([
      keywordMethod("push", pushApp), keywordMethod("push", pushRequest), keywordMethod("pop", popApp),
      keywordMethod("pop", popRequest),
    ])
  }

  /// A descriptor for a class in the place of `function`.
  fileprivate static func wrap(_ arguments: Arguments?, _ count: Int, offset: Int) -> Object? {
    guard let arguments, count == 3, let kind = Python.integer(arguments[2]), kind == 0 || kind == 1 else {
      return Python.typeError("wrap_push(cls, function, kind)")
    }
    let index = offset + Int(kind)
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
    return withUnsafeTemporaryAllocation(of: Object?.self, capacity: all &+ 1) { buffer in
      buffer[0] = context
      for argument in 0..<all { buffer[argument &+ 1] = arguments![argument] }
      return Python.call(originals[index], UnsafePointer(buffer.baseAddress!), count &+ 1, names)
    }
  }

  // One push and one pop for both kinds: the extension is small.
  @inline(never)
  fileprivate static func push(
    _ kind: UInt32, _ context: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    let appPushes = Agent.appPushes
    if kind == 1 { Agent.beginRequestContextPush() }
    let result = callOriginal(Int(kind), context, arguments, count, names)
    if kind == 1 { Agent.endRequestContextPush() }
    guard result != nil else {
      pushRaised(kind, context)
      return nil
    }
    if Agent.attachment == 0 {
      // If the process attaches now, it finds this context on the real stack, and need not be told.
      HookCalls.firstEvent(context)
      return result
    }
    let byFramework = Agent.isPushedByFramework(kind: kind)
    let frame = byFramework ? 0 : FrameWalk.first()
    Agent.contextPushed(kind: kind, identity: UInt64(UInt(bitPattern: context)), frame: frame)
    if kind == 1, byFramework { requestContextPushed(context, appPushes) }
    if kind == 1 || !byFramework { HookCalls.pushed() }
    return result
  }

  /// The request context of a request that a server is waiting for: its route is known now.
  @inline(__always)
  private static func requestContextPushed(_ context: Object?, _ appPushes: UInt64) {
    let names = RouteNames.names(of: context)
    Agent.nameRequest(endpoint: names.endpoint, rule: names.rule)
    var origin = Agent.origin(appPushesBefore: appPushes)
    if origin == .unrecorded {
      RealStack.readAll()
      origin = Agent.origin(appPushesBefore: appPushes)
    }
    if origin == .reused { Agent.contextReused() }
  }

  /// The framework's push raised, perhaps after it had put the context on its stack (a signal receiver).
  private static func pushRaised(_ kind: UInt32, _ context: Object?) {
    var exception = SetAsideException()
    defer { exception.restore() }
    HookCalls.raised(context, kind: kind, exception.object())
    guard RealStack.isOnTop(context, kind: kind) == true else { return }
    Agent.contextPushed(kind: kind, identity: UInt64(UInt(bitPattern: context)), frame: 0)
  }

  @inline(never)
  fileprivate static func pop(
    _ kind: UInt32, _ context: Object?, _ arguments: Arguments?, _ count: Int, _ names: Object?
  ) -> Object? {
    let result = callOriginal(2 &+ Int(kind), context, arguments, count, names)
    guard result != nil else {
      popRaised(kind, context)
      return nil
    }
    if kind == 0 { HookCalls.popped(context) }
    Agent.contextPopped(kind: kind, identity: UInt64(UInt(bitPattern: context)))
    return result
  }

  /// The framework's pop raised: a teardown function, most likely. Whether the context went all the same
  /// depends on the version; the real stack tells.
  private static func popRaised(_ kind: UInt32, _ context: Object?) {
    var exception = SetAsideException()
    defer { exception.restore() }
    HookCalls.raised(context, kind: kind, exception.object())
    if RealStack.isOnTop(context, kind: kind) == false {
      if kind == 0 { HookCalls.popped(context) }
      Agent.contextPopped(kind: kind, identity: UInt64(UInt(bitPattern: context)))
    }
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
