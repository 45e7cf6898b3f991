// A request as its server sees it: it begins when the server has read it, and ends when its response is closed. In
// between lies the work on its contexts; what of them is still there at the end was left behind.

import CtxtopAgent
import CtxtopScoreboard
import Synchronization

extension App {
  /// Serves a request whose response is complete when `body` returns.
  ///
  /// Throws what the body threw, or a `TeardownFailure` that holds it.
  public func withRequest<Result>(
    _ request: RequestDescription, _ body: (RequestContext) throws -> Result
  ) throws -> Result {
    let stacks = UnitStacks.current(for: self)
    var token = Agent.beginRequest(method: request.method)
    Agent.nameRequest(request)
    do {
      let result = try run(request, stacks, body)
      stacks.settle(token)
      Agent.endRequest(&token, raised: false)
      return result
    } catch {
      stacks.settle(token)
      Agent.endRequest(&token, raised: true)
      throw error
    }
  }

  @inline(__always)
  private func run<Result>(
    _ request: RequestDescription, _ stacks: UnitStacks, _ body: (RequestContext) throws -> Result
  ) throws -> Result {
    let context = stacks.makeRequest(self, request)
    try context.push(on: stacks, nil)
    let result: Result
    do { result = try body(context) } catch {
      try ended(error) { try context.pop(error, stacks) }
      throw error
    }
    try context.pop(nil, stacks)
    var last: RequestContext? = consume context
    stacks.recycle(&last)
    return result
  }

  /// The same for work that suspends. Needs an app with `Stacks.task`.
  public func withRequest<Result>(
    _ request: RequestDescription, isolation: isolated (any Actor)? = #isolation,
    _ body: (RequestContext) async throws -> Result
  ) async throws -> Result {
    try await withUnit { scope in
      let stacks = scope.unit.stacks
      var token = Agent.beginRequest(method: request.method)
      Agent.nameRequest(request)
      do {
        let context = stacks.makeRequest(self, request)
        try context.push(on: stacks, nil)
        scope.open(stacks.apps.top, request)
        let result: Result
        do { result = try await body(context) } catch {
          try self.ended(error) { try context.pop(error, stacks) }
          throw error
        }
        try context.pop(nil, stacks)
        stacks.settle(token)
        Agent.endRequest(&token, raised: false)
        return result
      } catch {
        stacks.settle(token)
        Agent.endRequest(&token, raised: true)
        throw error
      }
    }
  }

  /// Begins a request whose response goes on after its function has returned, or that is served in pieces.
  public func serve(_ request: RequestDescription) -> ServedRequest { ServedRequest(self, request) }
}

/// A request from its beginning until its response is closed. All of its work is done in `run`: on the thread that began
/// it, or, for an app with `Stacks.task`, in any task, one after the other.
public final class ServedRequest: @unchecked Sendable {
  // Sendable: with `Stacks.task` whoever has entered `unit` is the only one to use the rest; with `Stacks.thread` the
  // agent's events do nothing on a thread that is not the request's.

  /// The app that serves it.
  public let app: App
  /// What it is called.
  public let request: RequestDescription
  private var token = RequestToken()
  /// Nil: its contexts stand on a thread.
  private let unit: TaskUnit?
  private let stacks: UnitStacks
  private let isClosed = Atomic<Bool>(false)

  init(_ app: App, _ request: RequestDescription) {
    self.app = app
    self.request = request
    unit = app.stacks == .task ? TaskUnit() : nil
    stacks = unit?.stacks ?? ThreadStacks.current
    try? within {
      token = Agent.beginRequest(method: request.method)
      Agent.nameRequest(request)
      Agent.pauseRequest(token)
    }
  }

  deinit { end(raised: false, isAbandoned: true) }

  /// Does a part of the request's work. Contexts that it pushes and does not pop are there in the next part.
  public func run<Result>(_ body: () throws -> Result) throws -> Result {
    try within {
      Agent.resumeRequest(&token)
      defer { Agent.pauseRequest(token) }
      return try body()
    }
  }

  /// The same for work that suspends. Needs an app with `Stacks.task`.
  public func run<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
  ) async throws -> Result {
    guard let unit else { throw ContextError.needsTaskStacks }
    let scope = try enter(unit)
    defer { unit.leave() }
    return try await TaskScope.$current.withValue(
      scope,
      operation: {
        Agent.resumeRequest(&token)
        defer { Agent.pauseRequest(token) }
        return try await body()
      })
  }

  /// Does the work of a function in the request's context. Within `run`.
  ///
  /// Throws what the work threw, or a `TeardownFailure` that holds it.
  public func withContext<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (RequestContext) async throws -> Result
  ) async throws -> Result {
    let context = try app.pushRequest(request)
    let result: Result
    do { result = try await body(context) } catch {
      try app.ended(error) { try context.pop(error: error) }
      throw error
    }
    try context.pop()
    return result
  }

  /// Pushes the request's context. Within `run`; whoever pushes it pops it.
  public func push(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws -> RequestContext {
    try app.pushRequest(request, file: file, line: line, function: function)
  }

  /// The function that serves the request has returned; its response is on its way.
  public func stream() { try? within { Agent.streamRequest(token) } }

  /// The response is closed. `raised`: an error went to the server instead.
  public func close(raised: Bool = false) { end(raised: raised, isAbandoned: false) }

  private func end(raised: Bool, isAbandoned: Bool) {
    guard isClosed.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged else { return }
    let isOurs = unit != nil || stacks.number == ThreadStacks.current.number
    let isEntered: Void? = try? within {
      Agent.resumeRequest(&token)
      if isOurs { stacks.settle(token) }
      Agent.endRequest(&token, raised: raised)
    }
    // Somebody runs on it still, or nobody who is a task: then the record can only be told to be closed.
    if isEntered == nil { Agent.endRequest(&token, raised: raised) }
    unit?.end()
  }

  private func enter(_ unit: TaskUnit) throws -> TaskScope {
    guard unit.enter() else { throw ContextError.otherUnit }
    let scope = TaskScope(unit)
    scope.open(stacks.apps.top, request)
    return scope
  }

  /// Runs a body where the agent takes it for the request's.
  private func within<Result>(_ body: () throws -> Result) throws -> Result {
    guard let unit else { return try body() }
    let scope = try enter(unit)
    defer { unit.leave() }
    return try TaskScope.$current.withValue(scope, operation: body)
  }
}
