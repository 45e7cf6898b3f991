// A request context: the work for one request. Where no app context of its app is on top it pushes one, and pops it again;
// where one is, the request runs on that - whoever left it there.

import CtxtopAgent
import CtxtopScoreboard

/// The context of a request while it is worked on. Belongs to the unit - thread or task - that pushed it.
public final class RequestContext: ChainedContext {
  /// The app.
  public let app: App
  /// What the request is called.
  @exclusivity(unchecked) public private(set) var request: RequestDescription
  /// Never given twice in a process.
  @exclusivity(unchecked) private(set) var identity: UInt64
  @exclusivity(unchecked) var tokens = ContextTokens<RequestContext>()
  @exclusivity(unchecked) var values = LocalValues()
  /// For each push the app context that came with it; nil: one was there.
  @exclusivity(unchecked) private var implicit = InlineStack<AppContext?>()
  @exclusivity(unchecked) private var unit: UInt64 = 0

  init(_ app: App, _ request: RequestDescription, identity: UInt64) {
    self.app = app
    self.request = request
    self.identity = identity
  }

  func renew(_ request: RequestDescription, identity: UInt64) {
    self.request = request
    self.identity = identity
  }

  /// The context on top of the calling unit's stack; nil: there is none.
  public static var current: RequestContext? { UnitStacks.current.requests.top }

  /// How many stand on the calling unit's stack.
  public static var depth: Int { stack.count }

  /// What stands on the calling unit's stack, bottom first; one that was pushed twice is there twice.
  package static var stack: [RequestContext] { UnitStacks.current.requests.entries.reversed().map(\.context) }

  /// Whether nothing remembers a push of it.
  @inline(__always)
  var isUnused: Bool { implicit.count == 0 && tokens.count == 0 }

  // MARK: Push

  /// Pushes it, once more perhaps: a stream that needs it after its function has returned.
  public func push(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws {
    try push(on: UnitStacks.current(for: app), CallSite(file: file, line: line, function: function))
  }

  /// `site` nil: the library does it, for a request that has just begun.
  @inline(__always)
  func push(on stacks: UnitStacks, _ site: CallSite?) throws {
    if let top = stacks.apps.top, top.app === app { return pushOnOther(stacks, site) }
    let context = stacks.makeApp(app)
    try context.push(on: stacks, nil)
    implicit.append(context)
    stack(stacks)
    pushed(stacks, site, isFirst: site == nil || Agent.isPushedByFramework(kind: 1))
  }

  @inline(__always)
  private func stack(_ stacks: UnitStacks) {
    unit = stacks.number
    stacks.requests.push(self, at: stacks.newPlace())
  }

  /// It is on its stack: the agent hears of it, and who wants to inherit. `isFirst`: it is the first one of the request
  /// that is being served, which is named by it.
  @inline(__always)
  private func pushed(_ stacks: UnitStacks, _ site: CallSite?, isFirst: Bool) {
    let frame = isFirst ? 0 : site.map { stacks.sites.name($0) } ?? 0
    Agent.contextPushed(kind: 1, identity: identity, frame: frame)
    if isFirst, site != nil { Agent.nameRequest(request) }
    app.tellSessions(stacks)
  }

  /// It runs on an app context that it did not push.
  @inline(never)
  private func pushOnOther(_ stacks: UnitStacks, _ site: CallSite?) {
    let push = Agent.beginPush(kind: 1)
    implicit.append(nil)
    stack(stacks)
    Agent.endPush(push, kind: 1)
    let isFirst = Agent.isPushedByFramework(kind: 1)
    pushed(stacks, site, isFirst: isFirst)
    if !isFirst { return }
    var origin = Agent.origin(of: push)
    if origin == .unrecorded {
      stacks.reconcile()
      origin = Agent.origin(of: push)
    }
    if origin == .reused || origin == .found { Agent.contextReused() }
  }

  // MARK: Pop

  /// Pops it. `error`: what the request's work ended with, for the teardown functions, which run with its last pop.
  ///
  /// Throws a `TeardownFailure` or a `ContextError`, according to the app's rules.
  public func pop(error: (any Error)? = nil) throws { try pop(error, UnitStacks.current(for: app)) }

  @inline(__always)
  func pop(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    guard isTop(stacks), app.requestTeardown.isEmpty, request.route.group == nil else {
      return try popSlowly(error, stacks)
    }
    _ = stacks.requests.popTop()
    defer { Agent.contextPopped(kind: 1, identity: identity) }
    var own = implicit.popLast() ?? nil
    guard let context = own else { return }
    try context.pop(error, stacks)
    own = consume context
    stacks.recycle(&own)
  }

  /// Whether its latest push is what is on top: then all rules say the same, unless something throws.
  @inline(__always)
  private func isTop(_ stacks: UnitStacks) -> Bool {
    stacks.requests.top === self && unit == stacks.number && tokens.count > 0 && implicit.count == tokens.count
  }

  /// The same where functions run, or the context is not on top. Meanwhile the agent's record does not agree with the
  /// stack.
  @inline(never)
  private func popSlowly(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    let change = Agent.beginPop()
    do {
      switch app.rules.removal {
      case .settle: try settle(error, stacks)
      case .top: try removeTop(error, stacks)
      case .unwind: try unwind(error, stacks)
      }
    } catch {
      Agent.endChange(change)
      failed(stacks)
      throw error
    }
    Agent.endChange(change)
    Agent.contextPopped(kind: 1, identity: identity)
  }

  /// The pop has failed. Whether the context went all the same, its stack tells.
  @inline(never)
  private func failed(_ stacks: UnitStacks) {
    if stacks.requests.count(self) < Agent.timesRecorded(identity) {
      Agent.contextPopped(kind: 1, identity: identity)
    }
  }

  /// Pops the app context that came with a push; what it threw.
  private func popApp(_ context: AppContext?, _ error: (any Error)?, _ stacks: UnitStacks) -> [any Error] {
    do { try context?.pop(error, stacks) } catch { return TeardownFailure.flat(error) }
    return []
  }

  /// Runs the teardown functions; what they threw. Flask asks which group's they are of the request that is on top, and
  /// runs none where there is none.
  private func tearDown(_ error: (any Error)?, _ top: RequestContext?) -> [any Error] {
    guard let top else { return [ContextError.noContext] }
    if app.requestTeardown.isEmpty, top.request.route.group == nil { return [] }
    return runTeardown(error, top)
  }

  @inline(never)
  private func runTeardown(_ error: (any Error)?, _ top: RequestContext) -> [any Error] {
    var teardown = Teardown(self, error, app)
    let registers = top.registers(app)
    for (index, (group, register)) in registers.enumerated() {
      let runsOn = teardown.run(register, kind: 1, group: group) {
        registers[(index + 1)...].flatMap { Self.names($0.1) }
      }
      if !runsOn { break }
    }
    return teardown.errors
  }

  /// The functions' names in the order in which they run.
  private static func names(_ register: TeardownRegister<RequestContext>) -> [String] {
    register.edition?._withUnsafeGuaranteedRef { $0.elements.reversed().map(\.name) } ?? []
  }

  /// Whose functions run, in this order.
  private func registers(_ app: App) -> [(group: String?, TeardownRegister<RequestContext>)] {
    var groups: [(String?, TeardownRegister<RequestContext>)] = []
    var group = request.route.group
    while let known = group {
      groups.append((known.name, known.requestTeardown))
      group = known.parent
    }
    let own: (String?, TeardownRegister<RequestContext>) = (nil, app.requestTeardown)
    return app.rules.runsAppFirst ? [own] + groups : groups + [own]
  }

  // MARK: One for each removal of the rules

  private func settle(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    if unit != stacks.number, tokens.count > 0 { throw ContextError.otherUnit }
    if tokens.count == 0 { throw ContextError.notPushed }
    var errors: [any Error] = []
    if stacks.requests.top !== self { errors += try removeStrays(stacks, from: \.requests) }
    if tokens.count == 1 { errors += tearDown(error, self) }
    if stacks.requests.top !== self { errors += try removeStrays(stacks, from: \.requests) }
    _ = stacks.requests.popTop()
    errors += popApp(implicit.popLast() ?? nil, error, stacks)
    try app.conclude(errors)
  }

  private func removeTop(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    guard let own = implicit.popLast() else { throw ContextError.notPushed }
    var errors = implicit.count == 0 ? tearDown(error, stacks.requests.top) : []
    let isLegacy = app.rules.policy == .legacy
    // The app context that came with it is forgotten, and stays as well.
    if isLegacy, !errors.isEmpty { throw TeardownFailure.of(errors) }
    let hasCleared = implicit.count == 0 && errors.isEmpty
    let top = stacks.requests.popTop()
    let isWrong = top !== self
    let mismatch = top == nil ? ContextError.emptyStack : .wrongContext
    if isWrong, isLegacy || hasCleared && top == nil { throw mismatch }
    let appErrors = popApp(own, error, stacks)
    if isWrong, appErrors.isEmpty { throw TeardownFailure.or(mismatch, after: errors) }
    errors += appErrors
    if !errors.isEmpty { throw TeardownFailure.of(errors) }
  }

  private func unwind(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    var errors = tokens.count == 1 ? tearDown(error, stacks.requests.top) : []
    guard let top = stacks.requests.top else { throw TeardownFailure.or(.emptyStack, after: errors) }
    guard tokens.count > 0, let own = implicit.popLast() else { throw ContextError.notPushed }
    if tokens.lastUnit != stacks.number {
      _ = tokens.removeLast()
      throw TeardownFailure.or(.otherUnit, after: errors)
    }
    stacks.requests.unwind(self)
    let appErrors = popApp(own, error, stacks)
    if top !== self, appErrors.isEmpty { throw TeardownFailure.or(.wrongContext, after: errors) }
    errors += appErrors
    if !errors.isEmpty { throw TeardownFailure.of(errors) }
  }
}
