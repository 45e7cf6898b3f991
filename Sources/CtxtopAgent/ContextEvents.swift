// Events of context stacks. Called on the server's own threads: no system call, no lock, no allocation.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Agent {
  /// Whether the framework has one class of contexts: one with a request is app and request context in one.
  nonisolated(unsafe) package static var hasOneClassOfContexts = false

  /// A push that has begun, as its unit was then. The unit that pushes is there until the push has ended, whatever
  /// other greenlets run meanwhile.
  package struct ContextPush {
    fileprivate let unit: UnsafeMutablePointer<ctxtop_thread>?
    fileprivate let appPushes: UInt64
  }

  /// A context is being pushed. While it is a request context, the app context that is pushed is the framework's
  /// doing.
  @inline(__always)
  package static func beginPush(kind: UInt32) -> ContextPush {
    guard let unit = thread() else { return ContextPush(unit: nil, appPushes: 0) }
    if kind == 1 { unit.pointee.request_pushes &+= 1 }
    unit.pointee.changes &+= 1
    return ContextPush(unit: unit, appPushes: unit.pointee.app_pushes)
  }

  /// The push has ended, well or not.
  @inline(__always)
  package static func endPush(_ push: ContextPush, kind: UInt32) {
    if kind == 1, let unit = push.unit { unit.pointee.request_pushes &-= 1 }
    endChange(push.unit)
  }

  /// A context is being popped. Returns the unit that pops it, until the pop has ended.
  @inline(__always)
  package static func beginPop() -> UnsafeMutablePointer<ctxtop_thread>? {
    guard let unit = thread() else { return nil }
    unit.pointee.changes &+= 1
    return unit
  }

  /// A push or pop has ended, well or not.
  @inline(__always)
  package static func endChange(_ unit: UnsafeMutablePointer<ctxtop_thread>?) {
    // Not below zero: an attachment that began meanwhile counts from zero.
    if let unit, unit.pointee.changes > 0 { unit.pointee.changes &-= 1 }
  }

  /// A context was pushed on this thread. `identity` finds it again; `frame` is a name or 0.
  @inline(__always)
  package static func contextPushed(kind: UInt32, identity: UInt64, frame: UInt32) {
    guard let thread = thread() else { return }
    contextPushed(kind: kind, identity: identity, frame: frame, on: thread)
  }

  /// The same on the calling unit.
  @inline(__always)
  static func contextPushed(
    kind: UInt32, identity: UInt64, frame: UInt32, on thread: UnsafeMutablePointer<ctxtop_thread>
  ) {
    count(thread, CTXTOP_LANE_PUSHED)
    if kind == 0 { thread.pointee.app_pushes &+= 1 }
    guard let unit = unit(thread) else { return }
    let request = thread.pointee.running
    if !unit.push(kind: kind, identity: identity, frame: frame, request: request, at: Clock.monotonic()) {
      slotInUse?.control.add(CTXTOP_SLOT_DROPPED_CONTEXTS)
    }
    let maximum = kind == 0 ? CTXTOP_LANE_APP_DEPTH_MAX : CTXTOP_LANE_REQUEST_DEPTH_MAX
    raise(thread, maximum, to: UInt64(unit.depth(kind)))
  }

  /// A context was popped on this thread.
  @inline(__always)
  package static func contextPopped(kind: UInt32, identity: UInt64) {
    guard let thread = thread() else { return }
    count(thread, CTXTOP_LANE_POPPED)
    guard let unit = unit(thread) else { return }
    let request = thread.pointee.running
    if unit.pop(kind: kind, identity: identity, request: request, at: Clock.monotonic()) { return }
    poppedElsewhere(kind, identity)
  }

  /// A context may be popped by another thread than the one that pushed it: a stream that a garbage collector
  /// closes, say. Only its own thread may write the unit record it stands on; that thread will find the context
  /// missing, and must not take it for one whose teardown never ran. The latest such pops are kept in the page.
  @inline(never)
  private static func poppedElsewhere(_ kind: UInt32, _ identity: UInt64) {
    guard let page, let slot = slotInUse else { return }
    if let (unit, _) = find(identity, slot, Tenancy.gone) {
      // It has ended, nobody else will: what it left was not left behind.
      unit.pop(kind: kind, identity: identity, at: Clock.now())
      return slot.releaseUnit(unit.words)
    }
    let place = page.loadRelaxed(poppedCountWord)
    page.storeRelaxed(poppedCountWord, place &+ 1)
    page.store(poppedWords &+ Int(place % UInt64(poppedKept)), identity)
  }

  /// A unit ends: what others have popped for it is not left behind.
  static func forgetPoppedElsewhere(_ unit: UnitRecord) {
    var index = unit.entries
    while index > 0 {
      index &-= 1
      let context = unit.context(index)
      let identity = context.loadRelaxed(CTXTOP_CONTEXT_IDENTITY)
      if !isPoppedElsewhere(identity) { continue }
      unit.pop(kind: context.loadRelaxed(CTXTOP_CONTEXT_KIND).low & 1, identity: identity, at: Clock.now())
    }
  }

  private static func isPoppedElsewhere(_ identity: UInt64) -> Bool {
    guard let page else { return false }
    for index in poppedWords..<poppedWords &+ poppedKept where page.load(index) == identity {
      page.store(index, 0)
      return true
    }
    return false
  }

  /// How a request context found its app context.
  package enum AppContextOrigin {
    /// It pushed its own, or there is no request to speak of.
    case own
    /// It runs on one that an earlier request left there.
    case reused
    /// It runs on one that somebody else pushed: left there, or the work of who makes this very request.
    case found
    /// It runs on one that is not in the record: the real stack must be read first.
    case unrecorded
  }

  /// Where the app context of the request context comes from that was just pushed.
  @inline(__always)
  package static func origin(of push: ContextPush) -> AppContextOrigin {
    guard let state = thread() else { return .own }
    return origin(of: push, on: state)
  }

  /// The same on the calling unit.
  @inline(__always)
  static func origin(of push: ContextPush, on state: UnsafeMutablePointer<ctxtop_thread>) -> AppContextOrigin {
    guard state.pointee.app_pushes == push.appPushes, let unit = unit(state) else {
      return .own
    }
    let running = state.pointee.running
    if running == 0 { return .own }
    guard let app = unit.top(0) else { return .unrecorded }
    // A request that was made by another one's code runs on that one's context while its code waits below.
    if app.loadRelaxed(CTXTOP_CONTEXT_REQUEST) == running || state.pointee.around != 0 { return .own }
    return app.loadRelaxed(CTXTOP_CONTEXT_LEFT) == 0 ? .found : .reused
  }

  /// Whether a context that is just being pushed is the framework's own doing for the open request, and not the
  /// application's: the request's first request context, and the app context that comes with it.
  @inline(__always)
  package static func isPushedByFramework(kind: UInt32) -> Bool {
    guard let thread = thread() else { return false }
    return isPushedByFramework(kind: kind, on: thread)
  }

  /// The same on the calling unit.
  @inline(__always)
  static func isPushedByFramework(kind: UInt32, on thread: UnsafeMutablePointer<ctxtop_thread>) -> Bool {
    guard let unit = unit(thread) else { return false }
    if kind == 0 { return thread.pointee.request_pushes > 0 }
    let running = thread.pointee.running
    if running == 0 { return false }
    guard let top = unit.top(1) else { return true }
    return top.loadRelaxed(CTXTOP_CONTEXT_REQUEST) != running
  }

  /// Whether this thread runs no request's code.
  package static var isOutsideOfRequests: Bool { thread()?.pointee.running == 0 }

  /// The context that was pushed last is kept on purpose.
  package static func keepTop() {
    guard let thread = thread(), let unit = unit(thread) else { return }
    unit.keepTop()
  }

  /// How often a context is on this thread's record.
  package static func timesRecorded(_ identity: UInt64) -> Int {
    guard let thread = thread(), let unit = unit(thread) else { return 0 }
    var count = 0
    for index in 0..<unit.entries where unit.context(index).loadRelaxed(CTXTOP_CONTEXT_IDENTITY) == identity {
      count &+= 1
    }
    return count
  }

  /// Whether a context is on this thread's record.
  package static func isRecorded(_ identity: UInt64) -> Bool { timesRecorded(identity) > 0 }

  /// Whether contexts of a request that is about to end are still on this thread's record.
  package static func leavesContexts(_ token: RequestToken) -> Bool {
    guard isCurrent(token), token.serial != 0, let thread = thread(), let unit = unit(thread) else { return false }
    for index in 0..<unit.entries where unit.context(index).loadRelaxed(CTXTOP_CONTEXT_REQUEST) == token.serial {
      return true
    }
    return false
  }

  /// This thread's open request runs on an app context that it did not push.
  package static func contextReused() {
    guard let thread = thread() else { return }
    count(thread, CTXTOP_LANE_REUSED)
    guard let unit = unit(thread) else { return }
    let left = unit.abandonEarlier(at: Clock.now())
    count(thread, CTXTOP_LANE_LEAKED, UInt64(left))
    unit.reuse()
  }

  /// Contexts that are recorded on this thread's stack.
  @inline(__always)
  package static var recordedContexts: Int {
    guard let thread = thread() else { return 0 }
    return recordedContexts(on: thread)
  }

  /// The same of the calling unit.
  @inline(__always)
  static func recordedContexts(on thread: UnsafeMutablePointer<ctxtop_thread>) -> Int { unit(thread)?.entries ?? 0 }

  /// Makes this thread's record agree with the real stack, bottom first.
  ///
  /// Not in the middle of a push or pop, which its event has yet to tell of: a teardown function may make a request of
  /// its own, and a garbage collection may free a response.
  package static func reconcile(with stack: UnsafeBufferPointer<StackEntry>) {
    guard let thread = thread(), thread.pointee.changes == 0, let unit = unit(thread) else { return }
    let recorded = unit.entries
    unit.reconcile(with: stack, at: Clock.monotonic()) { context in
      if isPoppedElsewhere(context.loadRelaxed(CTXTOP_CONTEXT_IDENTITY)) { return }
      let kind = context.loadRelaxed(CTXTOP_CONTEXT_KIND)
      contextVanished(kind: kind.low & 1, frame: kind.high, label: context.loadRelaxed(CTXTOP_CONTEXT_LABEL))
    }
    if stack.count > CTXTOP_CONTEXTS, recorded < CTXTOP_CONTEXTS {
      slotInUse?.control.add(CTXTOP_SLOT_DROPPED_CONTEXTS, UInt64(stack.count - CTXTOP_CONTEXTS))
    }
    raise(thread, CTXTOP_LANE_APP_DEPTH_MAX, to: UInt64(unit.depth(0)))
    raise(thread, CTXTOP_LANE_REQUEST_DEPTH_MAX, to: UInt64(unit.depth(1)))
  }

  /// The request is about to end and the record agrees with the real stack: marks what it leaves behind.
  /// `endpoint` and `rule` name it where the router never did. Returns how many contexts it left.
  package static func markLeft(_ token: RequestToken, endpoint: UInt32, rule: UInt32) -> Int {
    guard isCurrent(token), token.serial != 0, let thread = thread(), let unit = unit(thread) else { return 0 }
    var label = unit.label
    if label.endpoint == 0 { label = Label(method: label.method, endpoint: endpoint, rule: rule) }
    let left = unit.markLeft(by: token.serial, label: label, at: Clock.now())
    count(thread, CTXTOP_LANE_LEAKED, UInt64(left))
    if left > 0 { wantRecycle() }
    return left
  }
}
