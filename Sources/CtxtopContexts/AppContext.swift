// An app context: what a request or a job has of its app. It may be pushed more than once; its teardown functions run
// with its last pop.

import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// The context of an app while somebody works with it. Belongs to the unit - thread or task - that pushed it.
public final class AppContext: ChainedContext {
  /// The app.
  public let app: App
  /// Never given twice in a process.
  @exclusivity(unchecked) var identity: UInt64
  @exclusivity(unchecked) var tokens = ContextTokens<AppContext>()
  @exclusivity(unchecked) var values = LocalValues()
  /// Pushes without their pops, as Flask counted them up to 2.1: a pop that fails counts.
  @exclusivity(unchecked) private var references = 0
  /// The unit whose stack it was put on last.
  @exclusivity(unchecked) private var unit: UInt64 = 0
  /// For tasks that inherited it: the rest is for its own unit alone.
  let isPushed = Atomic<Bool>(false)

  init(_ app: App, identity: UInt64) {
    self.app = app
    self.identity = identity
  }

  /// The context on top of the calling unit's stack; nil: there is none.
  public static var current: AppContext? { UnitStacks.current.apps.top }

  /// How many stand on the calling unit's stack.
  public static var depth: Int { stack.count }

  /// What stands on the calling unit's stack, bottom first; one that was pushed twice is there twice.
  package static var stack: [AppContext] { UnitStacks.current.apps.entries.reversed().map(\.context) }

  /// Whether nothing remembers a push of it.
  @inline(__always)
  var isUnused: Bool { references == 0 && tokens.count == 0 }

  /// Pushes it, once more perhaps. Throws what a function throws that wanted to be told (`App.onAppPushed`); the context
  /// is pushed then under `legacy` and `pop`.
  public func push(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws {
    try push(on: UnitStacks.current(for: app), CallSite(file: file, line: line, function: function))
  }

  /// `site` nil: the library does it for a request.
  @inline(__always)
  func push(on stacks: UnitStacks, _ site: CallSite?) throws {
    references &+= 1
    unit = stacks.number
    if !app.pushed.isEmpty { return try pushAndTell(stacks, site) }
    stacks.apps.push(self, at: stacks.newPlace())
    pushed(stacks, site)
  }

  /// It is on its stack: the agent hears of it, and who wants to inherit.
  @inline(__always)
  private func pushed(_ stacks: UnitStacks, _ site: CallSite?) {
    if app.stacks == .task { isPushed.store(true, ordering: .releasing) }
    Agent.contextPushed(kind: 0, identity: identity, frame: site.map { stacks.sites.name($0) } ?? 0)
    if site != nil { app.tellSessions(stacks) }
  }

  /// The same where somebody wants to know. While they are told, the agent's record does not agree with the stack.
  @inline(never)
  private func pushAndTell(_ stacks: UnitStacks, _ site: CallSite?) throws {
    let push = Agent.beginPush(kind: 0)
    stacks.apps.push(self, at: stacks.newPlace())
    do {
      defer { Agent.endPush(push, kind: 0) }
      try app.pushed.edition?._withUnsafeGuaranteedRef { try $0.elements.forEach { try $0.body(self, nil) } }
    } catch {
      pushed(stacks, site)
      if app.rules.removal == .settle { try pop(error: error) }
      throw error
    }
    pushed(stacks, site)
  }

  /// Pops it. `error`: what its work ended with, for the teardown functions, which run with its last pop.
  ///
  /// Throws a `TeardownFailure` or a `ContextError`, according to the app's rules.
  public func pop(error: (any Error)? = nil) throws { try pop(error, UnitStacks.current(for: app)) }

  @inline(__always)
  func pop(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    guard isTop(stacks), app.appTeardown.isEmpty else { return try popSlowly(error, stacks) }
    _ = stacks.apps.popTop()
    references &-= 1
    if app.stacks == .task, tokens.count == 0 { isPushed.store(false, ordering: .releasing) }
    gone(stacks)
  }

  /// Whether its latest push is what is on top, and nothing has gone wrong with it: then all rules say the same.
  @inline(__always)
  private func isTop(_ stacks: UnitStacks) -> Bool {
    stacks.apps.top === self && unit == stacks.number && tokens.count > 0 && references == tokens.count
  }

  /// The same where functions run, or the context is not on top. Meanwhile the agent's record does not agree with the
  /// stack.
  @inline(never)
  private func popSlowly(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    let change = Agent.beginPop()
    do {
      try remove(error, stacks)
    } catch {
      Agent.endChange(change)
      failed(stacks)
      throw error
    }
    Agent.endChange(change)
    gone(stacks)
  }

  /// It is off its stack.
  @inline(__always)
  private func gone(_ stacks: UnitStacks) {
    app.tellSessions(self, stacks)
    Agent.contextPopped(kind: 0, identity: identity)
  }

  /// The pop has failed. Whether the context went all the same, its stack tells.
  @inline(never)
  private func failed(_ stacks: UnitStacks) {
    if stacks.apps.count(self) < Agent.timesRecorded(identity) { gone(stacks) }
  }

  private func remove(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    switch app.rules.removal {
    case .settle: try settle(error, stacks)
    case .top: try removeTop(error, stacks)
    case .unwind: try unwind(error, stacks)
    }
    if app.stacks == .task, tokens.count == 0 { isPushed.store(false, ordering: .releasing) }
  }

  /// Runs the teardown functions; what they threw.
  private func tearDown(_ error: (any Error)?) -> [any Error] {
    var teardown = Teardown(self, error, app)
    _ = teardown.run(app.appTeardown, kind: 0)
    return teardown.errors
  }

  // MARK: One for each removal of the rules

  private func settle(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    if unit != stacks.number, tokens.count > 0 { throw ContextError.otherUnit }
    if tokens.count == 0 { throw ContextError.notPushed }
    var errors: [any Error] = []
    if stacks.apps.top !== self { errors += try removeStrays(stacks, from: \.apps) }
    if tokens.count == 1 { errors += tearDown(error) }
    if stacks.apps.top !== self { errors += try removeStrays(stacks, from: \.apps) }
    _ = stacks.apps.popTop()
    references = tokens.count
    try app.conclude(errors)
  }

  private func removeTop(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    references &-= 1
    let errors = references <= 0 ? tearDown(error) : []
    if !errors.isEmpty, app.rules.policy == .legacy { throw TeardownFailure(errors) }
    let top = stacks.apps.popTop()
    if !errors.isEmpty { throw TeardownFailure(errors) }
    if top !== self { throw top == nil ? ContextError.emptyStack : .wrongContext }
  }

  private func unwind(_ error: (any Error)?, _ stacks: UnitStacks) throws {
    let errors = tokens.count == 1 ? tearDown(error) : []
    guard let top = stacks.apps.top else { throw TeardownFailure.or(.emptyStack, after: errors) }
    guard tokens.count > 0 else { throw ContextError.notPushed }
    if tokens.lastUnit != stacks.number {
      _ = tokens.removeLast()
      throw TeardownFailure.or(.otherUnit, after: errors)
    }
    stacks.apps.unwind(self)
    references = tokens.count
    if !errors.isEmpty { throw TeardownFailure(errors) }
    if top !== self { throw ContextError.wrongContext }
  }
}
