// The context model of Flask for servers written in Swift: request and app contexts on stacks, teardown functions, what
// they hold. Every step is an event for the agent, so that `ctxtop` shows a Swift server as it shows a Flask one.
//
//   App.swift                 the app: its rules, its teardown functions, the ways in
//   AppAgent.swift            how its process is attached (AgentConfiguration.swift)
//   ContextRules.swift        what a throwing teardown function does, and a pop out of order
//   AppContext.swift          the two kinds of contexts: push and pop (ContextError.swift)
//   RequestContext.swift
//   ContextChain.swift        a stack; UnitStacks.swift both of a unit
//   ThreadStacks.swift        whose they are: a thread's
//   TaskStacks.swift            or a task's
//   PublishedList.swift       what is registered while requests run (Guarded.swift)
//   Teardown.swift            how teardown functions are registered and run (RouteGroup.swift)
//   TeardownReport.swift      what is told when one throws (Redaction.swift)
//   ServedRequest.swift       a request from its beginning to the end of its response
//   RequestDescription.swift  what requests are called
//   ContextLocal.swift        values of a context
//   TrackedConnection.swift   what contexts hold: connections,
//   TrackedResource.swift       locks and the like,
//   ScopedSessions.swift        sessions (InheritedEvidence.swift)
//
// What must hold: an event takes no lock, makes no system call and asks for no memory that it could have kept. Nothing
// here traps or blocks on behalf of the agent; a process that is not attached runs the same code, and nobody is told.

import CtxtopAgent
import CtxtopScoreboard

/// An application: its teardown functions, and what one that throws does. Set it up before its first request.
public final class App: Sendable {
  /// The app's name, as `ctxtop` shows it.
  public let name: String
  /// How contexts leave their stacks.
  public let rules: ContextRules
  /// Where its contexts stand.
  public let stacks: Stacks
  let requestTeardown = TeardownRegister<RequestContext>()
  let appTeardown = TeardownRegister<AppContext>()
  let pushed = TeardownRegister<AppContext>()
  let sessions = PublishedList<SessionWatch>()
  let hazards = Guarded<[(code: String, message: String)]>([])
  let watchers = Guarded<(@Sendable (TeardownReport) -> Void)?>(nil)

  /// An app by its name. Without a policy all teardown functions run, and what they throw is thrown at the end.
  public convenience init(name: String, policy: TeardownPolicy = .finish, stacks: Stacks = .thread) {
    self.init(name: name, rules: ContextRules(policy), stacks: stacks)
  }

  /// An app that does in everything what a certain version of Flask does.
  public init(name: String, rules: ContextRules, stacks: Stacks = .thread) {
    self.name = name
    self.rules = rules
    self.stacks = stacks
    if stacks == .task { TaskUnit.expect() }
    if rules.policy == .legacy {
      hazard("flask_before_0_11", "\(name), policy legacy: a teardown function that throws leaves its context there")
    }
  }

  // MARK: Teardown functions

  /// Runs when a request of this app is over: last registered first. The error is what the request's work ended with.
  public func teardownRequest(
    _ name: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping @Sendable (RequestContext, (any Error)?) throws -> Void
  ) {
    requestTeardown.add(TeardownFunction(name, file, line, function))
  }

  /// Runs when an app context of this app goes: last registered first. The error is what its work ended with.
  public func teardownApp(
    _ name: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping @Sendable (AppContext, (any Error)?) throws -> Void
  ) {
    appTeardown.add(TeardownFunction(name, file, line, function))
  }

  /// Runs right after an app context was pushed, first registered first: Flask's signal `appcontext_pushed`. One that
  /// throws fails the push; the context stays on its stack under `legacy` and `pop`, as it does in Flask.
  public func onAppPushed(
    _ name: StaticString = #function, file: StaticString = #fileID, line: UInt = #line,
    _ function: @escaping @Sendable (AppContext) throws -> Void
  ) {
    pushed.add(TeardownFunction(name, file, line) { context, _ in try function(context) })
  }

  /// A group of routes with teardown functions of its own: Flask's blueprint.
  public func group(_ name: String) -> RouteGroup { RouteGroup(name, parent: nil) }

  /// Called with each teardown function that throws, on the thread where it did, before the pop goes on. Under `log`
  /// without one, a line is written to the standard error.
  public func onTeardownFailure(_ report: (@Sendable (TeardownReport) -> Void)?) {
    watchers.withLock { $0 = report }
  }

  /// An app context has gone.
  @inline(__always)
  func tellSessions(_ context: AppContext, _ stacks: UnitStacks) {
    if sessions.isEmpty { return }
    sessions.edition?._withUnsafeGuaranteedRef { $0.elements.forEach { $0.value?.popped(context, stacks) } }
  }

  /// A context was pushed that may inherit something.
  @inline(__always)
  func tellSessions(_ stacks: UnitStacks) {
    if sessions.isEmpty { return }
    sessions.edition?._withUnsafeGuaranteedRef { $0.elements.forEach { $0.value?.pushed(stacks) } }
  }

  // MARK: Contexts

  /// A request context that is not pushed yet.
  public func requestContext(_ request: RequestDescription) -> RequestContext {
    UnitStacks.current(for: self).makeRequest(self, request)
  }

  /// An app context that is not pushed yet.
  public func appContext() -> AppContext { UnitStacks.current(for: self).makeApp(self) }

  /// Pushes a request context; the caller pops it. Requests that clients wait for are served by `withRequest` or
  /// `serve`, which also count them and find what they leave.
  public func pushRequest(
    _ request: RequestDescription, file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws -> RequestContext {
    let context = requestContext(request)
    try context.push(file: file, line: line, function: function)
    return context
  }

  /// Pushes an app context; the caller pops it.
  public func pushApp(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws -> AppContext {
    let context = appContext()
    try context.push(file: file, line: line, function: function)
    return context
  }

  /// Does work, a job perhaps, in an app context of its own.
  ///
  /// Throws what the work threw, or a `TeardownFailure` that holds it.
  public func withApp<Result>(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
    _ body: (AppContext) throws -> Result
  ) throws -> Result {
    let stacks = UnitStacks.current(for: self)
    let context = stacks.makeApp(self)
    try context.push(on: stacks, CallSite(file: file, line: line, function: function))
    let result: Result
    do { result = try body(context) } catch {
      try ended(error) { try context.pop(error, stacks) }
      throw error
    }
    try context.pop(nil, stacks)
    var last: AppContext? = consume context
    stacks.recycle(&last)
    return result
  }

  /// The same for work that suspends. Needs an app with `Stacks.task`.
  public func withApp<Result>(
    isolation: isolated (any Actor)? = #isolation, file: StaticString = #fileID, line: UInt = #line,
    function: StaticString = #function, _ body: (AppContext) async throws -> Result
  ) async throws -> Result {
    let site = CallSite(file: file, line: line, function: function)
    return try await withUnit { scope in
      let stacks = scope.unit.stacks
      let context = stacks.makeApp(self)
      try context.push(on: stacks, site)
      scope.open(context, nil)
      let result: Result
      do { result = try await body(context) } catch {
        try self.ended(error) { try context.pop(error, stacks) }
        throw error
      }
      try context.pop(nil, stacks)
      return result
    }
  }

  /// Ends the work that threw `error`: what its teardown throws is thrown together with it.
  func ended(_ error: any Error, _ pop: () throws -> Void) throws {
    do { try pop() } catch let failure { throw TeardownFailure(TeardownFailure.flat(failure), body: error) }
  }

  /// A pop is over in which all of this went wrong.
  @inline(__always)
  func conclude(_ errors: [any Error]) throws {
    if !errors.isEmpty { try concludeBadly(errors) }
  }

  @inline(never)
  private func concludeBadly(_ errors: [any Error]) throws {
    if rules.policy != .log { throw TeardownFailure.of(errors) }
    for case let error as ContextError in errors { tell(TeardownReport(misuse: error)) }
  }

  /// Runs a body on the stacks of the calling task, which are made if it has none.
  func withUnit<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (TaskScope) async throws -> Result
  ) async throws -> Result {
    guard stacks == .task else { throw ContextError.needsTaskStacks }
    if let unit = TaskUnit.current {
      let scope = TaskScope(unit, inheriting: TaskScope.current)
      return try await TaskScope.$current.withValue(scope, operation: { try await body(scope) })
    }
    let unit = TaskUnit()
    let scope = TaskScope(unit)
    _ = unit.enter()
    defer {
      unit.leave()
      unit.end()
    }
    return try await TaskScope.$current.withValue(scope, operation: { try await body(scope) })
  }
}
