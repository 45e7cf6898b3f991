// What the agent is told of contexts on threads.

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit
import CtxtopSnapshot
import Synchronization

/// The cases by their names.
enum Cases {
  static let all: [String: @Sendable (Check) async throws -> Void] = threads.merging(tasks) { one, _ in one }

  static let cart = Route(endpoint: "cart", rule: "/cart/<id>")

  static func request(_ route: Route = cart) -> RequestDescription { RequestDescription(method: "GET", route: route) }

  static func app(_ rules: ContextRules = ContextRules(.finish), _ stacks: Stacks = .thread) throws -> App {
    let app = App(name: "shop", rules: rules, stacks: stacks)
    var configuration = AgentConfiguration()
    configuration.workers = 4
    configuration.number = 2
    try app.start(configuration)
    return app
  }

  private static let threads: [String: @Sendable (Check) async throws -> Void] = [
    "healthy": healthy, "identity": identity, "legacy": legacy, "pop": popPolicy, "stray": stray, "settled": settled,
    "connections": connections, "resources": resources, "sessions": sessions, "commit": commit, "stream": stream,
    "abandoned": abandoned, "elsewhere": elsewhere, "late": late, "restart": restart, "nested": nested,
    "pushed": pushed, "job": job, "threadEnds": threadEnds, "messages": messages,
  ]

  @Sendable private static func healthy(_ check: Check) throws {
    let app = try app()
    var inside: Worker?
    for round in 0..<3 {
      try app.withRequest(request()) { _ in if round == 1 { inside = try check.worker() } }
    }
    let unit = inside?.units.first
    check.equal(unit?.request?.label, RequestLabel(method: "GET", endpoint: "cart", rule: "/cart/<id>"))
    check.equal(unit?.contexts.map(\.kind), [.app, .request])
    check.equal(unit?.contexts.map(\.frame), ["", ""])
    let worker = try check.worker()
    check.equal(worker.counters.requests, 3)
    check.equal(worker.counters.requestsEnded, 3)
    check.equal(worker.counters.contextsPushed, 6)
    check.equal(worker.counters.contextsPopped, 6)
    check.equal(worker.counters.contextsReused, 0)
    check.equal(worker.units.map(\.contexts), [[]])
  }

  @Sendable private static func identity(_ check: Check) throws {
    _ = try app()
    let worker = try check.worker()
    check.equal(worker.server.kind, "swift")
    check.equal(worker.server.model, "threads")
    check.equal(worker.server.workers, 4)
    check.equal(worker.number, 2)
    check.equal(worker.runtime.python + worker.runtime.flask + worker.runtime.werkzeug, "")
  }

  /// The original bug: what throws leaves its context, and everybody after is served on it.
  @Sendable private static func legacy(_ check: Check) throws {
    let app = try app(.flask0_10)
    app.teardownApp("close_cart") { _, _ in }
    app.teardownApp("commit") { _, _ in throw Refused() }
    do { try app.withRequest(request()) { _ in } } catch is CtxtopContexts.TeardownFailure {}
    var worker = try check.worker()
    check.equal(worker.units[0].contexts.map { $0.left != nil }, [true])
    check.equal(worker.units[0].contexts[0].label?.endpoint, "cart")
    check.equal(worker.failures.map(\.function), ["commit"])
    check.equal(worker.failures.first?.skipped, ["close_cart"])
    check.equal(worker.failures.first?.exception, "Refused")
    check.equal(worker.failures.first?.message, "")
    check.equal(worker.hazards.map(\.code), ["flask_before_0_11"])
    for _ in 0..<2 { try app.withRequest(request()) { _ in } }
    worker = try check.worker()
    check.equal(worker.counters.contextsReused, 2)
    check.equal(worker.units[0].contexts.map(\.served), [2])
    check.equal(worker.counters.contextsLeaked, 1)
    check.equal(worker.counters.exceptions, 1)
  }

  @Sendable private static func popPolicy(_ check: Check) throws {
    let app = try app(.flask2_2)
    let group = app.group("cart")
    let route = Route(endpoint: "cart.show", rule: "/cart", group: group)
    app.teardownRequest("app_close") { _, _ in }
    group.teardownRequest("group_close") { _, _ in throw Refused() }
    do { try app.withRequest(request(route)) { _ in } } catch is CtxtopContexts.TeardownFailure {}
    let worker = try check.worker()
    check.equal(worker.units[0].contexts, [])
    check.equal(worker.failures.map(\.blueprint), ["cart"])
    check.equal(worker.failures.first?.skipped, ["app_close"])
    check.equal(worker.failures.first?.kind, .request)
    check.equal(worker.counters.contextsLeaked, 0)
  }

  /// A context that is pushed and not popped: under Flask 2.2 it goes without its teardown.
  @Sendable private static func stray(_ check: Check) throws {
    let app = try app(.flask2_2)
    do { try app.withRequest(request()) { _ in _ = try app.pushApp() } } catch ContextError.wrongContext {}
    let worker = try check.worker()
    check.equal(worker.units[0].contexts, [])
    check.equal(worker.vanished.map(\.count), [1])
    check.that(worker.vanished.first?.frame.contains("ThreadCases.swift") == true, "its place is told")
    check.equal(worker.vanished.first?.label?.endpoint, "cart")
  }

  @Sendable private static func settled(_ check: Check) throws {
    let app = try app()
    do { try app.withRequest(request()) { _ in _ = try app.pushApp() } } catch ContextError.wrongContext {}
    let worker = try check.worker()
    check.equal(worker.counters.contextsPushed, 3)
    check.equal(worker.counters.contextsPopped, 3)
    check.equal(worker.vanished, [])
  }

  @Sendable private static func connections(_ check: Check) throws {
    let app = try app()
    let engine = CtxtopContexts.Engine(url: "sqlite:///shop.db", poolSize: 5, overflow: 2, timeout: 1000)
    let healthy = engine.opened()
    let leaked = engine.opened(backendPID: 77)
    try app.withRequest(request()) { _ in
      check.that(!healthy.checkedOut(), "its context is there")
      leaked.checkedOut()
      healthy.checkedIn()
    }
    let worker = try check.worker()
    check.equal(worker.engines.map(\.url), ["sqlite:///shop.db"])
    check.equal(worker.engines.first?.poolSize, 5)
    check.equal(worker.connections.map(\.state), [.idle, .checkedOut])
    check.equal(worker.connections.map(\.backendPID), [nil, 77])
    check.equal(worker.connections[1].holder?.label?.endpoint, "cart")
    check.that(worker.connections[1].holder?.frame.contains("ThreadCases.swift") == true, "its place is told")
    leaked.checkedIn()
    leaked.closed()
    healthy.closed()
    check.equal(try check.worker().connections, [])
  }

  @Sendable private static func resources(_ check: Check) throws {
    let app = try app()
    let lock = TrackedResource(name: "report")
    try app.withRequest(request()) { _ in
      lock.waiting()
      check.equal(try check.worker().resources.map(\.state), [.waiting])
      lock.held()
    }
    let worker = try check.worker()
    check.equal(worker.resources.map(\.state), [.held])
    check.equal(worker.resources.map(\.name), ["report"])
    check.equal(worker.resources.first?.holder?.label?.endpoint, "cart")
    lock.released()
    check.equal(try check.worker().resources, [])
  }

  private final class Dialog: Sendable {
    let isOpen = Atomic<Bool>(false)
  }

  private static func sessions(_ app: App, _ scope: ScopedSessions<Dialog>.Scope) -> ScopedSessions<Dialog> {
    ScopedSessions(app, scope: scope) {
      $0.isOpen.load(ordering: .relaxed) ? [.inTransaction] : []
    } close: {
      $0.isOpen.store(false, ordering: .relaxed)
    } make: {
      Dialog()
    }
  }

  /// A session that its thread's next request inherits, because a function that throws skips its removal.
  @Sendable private static func sessions(_ check: Check) throws {
    let app = try app(.flask2_2)
    let sessions = sessions(app, .unit)
    let isBroken = Atomic<Bool>(true)
    app.teardownApp("audit") { _, _ in if isBroken.load(ordering: .relaxed) { throw Refused() } }
    do {
      try app.withRequest(request()) { _ in try sessions.current().isOpen.store(true, ordering: .relaxed) }
    } catch is CtxtopContexts.TeardownFailure {}
    var worker = try check.worker()
    check.equal(worker.sessions.map(\.scope), ["thread"])
    check.equal(worker.sessions.map(\.isInTransaction), [true])
    check.equal(worker.sessions.first?.holder?.label?.endpoint, "cart")
    isBroken.store(false, ordering: .relaxed)
    try app.withRequest(request(Route(endpoint: "heir", rule: "/heir"))) { _ in
      check.that(try sessions.current().isOpen.load(ordering: .relaxed), "it is the stranger's session")
    }
    worker = try check.worker()
    check.equal(worker.sessions.map(\.heir?.endpoint), ["heir"])
    check.equal(worker.sessions.map(\.hasEnded), [true])
    try app.withRequest(request()) { _ in
      check.that(try !sessions.current().isOpen.load(ordering: .relaxed), "it has a session of its own")
    }
    check.equal(try check.worker().sessions.count, 1)
  }

  @Sendable private static func commit(_ check: Check) throws {
    let app = try app(.flask0_10)
    let sessions = ScopedSessions<Dialog>(
      app, commit: { _ in throw Refused() }, state: { _ in .dirty }, close: { _ in }, make: { Dialog() })
    do {
      try app.withRequest(request()) { _ in _ = try sessions.current() }
    } catch is CtxtopContexts.TeardownFailure {}
    let worker = try check.worker()
    check.equal(Set(worker.hazards.map(\.code)), ["flask_before_0_11", "commit_on_teardown"])
    check.equal(worker.failures.map(\.function), ["ScopedSessions.remove"])
    // Its context is still there, and it with it: no orphan.
    check.equal(worker.sessions, [])
    check.equal(worker.units[0].contexts.count, 1)
  }

  /// The contexts of a stream stay until it is closed.
  @Sendable private static func stream(_ check: Check) throws {
    let app = try app()
    let served = app.serve(request())
    let context = try served.run { try served.push() }
    served.stream()
    var worker = try check.worker()
    check.equal(worker.units[0].request?.isStreaming, true)
    check.equal(worker.units[0].contexts.map { $0.left == nil }, [true, true])
    try served.run {
      check.that(RequestContext.current === context, "its context is there")
      try context.pop()
    }
    served.close()
    worker = try check.worker()
    check.equal(worker.units[0].request, nil)
    check.equal(worker.units[0].contexts, [])
    check.equal(worker.counters.requestsEnded, 1)
  }

  @Sendable private static func abandoned(_ check: Check) throws {
    let app = try app()
    do {
      let served = app.serve(request())
      _ = try served.run { try served.push() }
    }
    let worker = try check.worker()
    check.equal(worker.counters.requestsEnded, 1)
    check.equal(worker.units[0].contexts.map { $0.left != nil }, [true, true])
    check.equal(worker.counters.contextsLeaked, 2)
  }

  /// Another thread closes a response: its contexts stay where they are, and are found by the next request there.
  @Sendable private static func elsewhere(_ check: Check) throws {
    let app = try app()
    let served = app.serve(request())
    _ = try served.run { try served.push() }
    onThreads(1) { _ in served.close() }
    check.equal(try check.worker().counters.requestsEnded, 1)
    try app.withRequest(request()) { _ in }
    let worker = try check.worker()
    check.equal(worker.counters.contextsReused, 1)
    check.equal(worker.units.first { $0.requests > 1 }?.contexts.map { $0.left != nil }, [true, true])
  }

  /// What was pushed before the process attached is there as well.
  @Sendable private static func late(_ check: Check) throws {
    let app = App(name: "shop", rules: .flask2_2)
    let context = try app.pushApp()
    try app.start()
    check.equal(try check.worker().units.first?.contexts.map(\.kind), [.app])
    try app.withRequest(request()) { _ in }
    check.equal(try check.worker().counters.contextsReused, 1)
    try context.pop()
    check.equal(try check.worker().units.first?.contexts, [])
  }

  @Sendable private static func restart(_ check: Check) throws {
    let app = try app()
    let engine = CtxtopContexts.Engine(url: "sqlite://")
    let connection = engine.opened()
    app.stop()
    check.that(!App.isMonitored, "nothing is attached")
    try app.withRequest(request()) { _ in _ = connection.checkedOut() }
    connection.checkedIn()
    try app.start()
    try app.withRequest(request()) { _ in
      connection.checkedOut()
      let worker = try check.worker()
      check.equal(worker.connections.map(\.state), [.checkedOut])
      check.equal(worker.counters.connectionsOpened, 0)
      check.equal(worker.units[0].request?.label.rule, "/cart/<id>")
      check.equal(worker.counters.requests, 1)
    }
    app.stop()
  }

  /// An app that serves a request while it serves one: each has its own contexts and neither is left.
  @Sendable private static func nested(_ check: Check) throws {
    let app = try app(.flask2_2)
    let other = App(name: "other", rules: .flask2_2)
    try app.withRequest(request()) { _ in
      try other.withRequest(request(Route(endpoint: "inner", rule: "/inner"))) { _ in
        let unit = try check.worker().units[0]
        check.equal(unit.request?.label.endpoint, "inner")
        check.equal(unit.contexts.map(\.kind), [.app, .request, .app, .request])
      }
      check.equal(try check.worker().units[0].request?.label.endpoint, "cart")
    }
    let worker = try check.worker()
    check.equal(worker.counters.requestsEnded, 2)
    check.equal(worker.counters.contextsReused, 0)
    check.equal(worker.units[0].contexts, [])
  }

  /// Who wants to know of a push throws: up to Flask 3.1 the context stays.
  @Sendable private static func pushed(_ check: Check) throws {
    let app = try app(.flask2_2)
    let isBroken = Atomic<Bool>(true)
    app.onAppPushed { _ in if isBroken.load(ordering: .relaxed) { throw Refused() } }
    do { try app.withRequest(request()) { _ in } } catch is Refused {}
    check.equal(try check.worker().units[0].contexts.map { $0.left != nil }, [true])
    isBroken.store(false, ordering: .relaxed)
    try app.withRequest(request()) { _ in }
    check.equal(try check.worker().counters.contextsReused, 1)
  }

  @Sendable private static func job(_ check: Check) throws {
    let app = try app()
    try app.withApp { _ in
      let unit = try check.worker().units[0]
      check.equal(unit.contexts.map(\.kind), [.app])
      check.that(unit.contexts[0].frame.hasSuffix("job(_:)"), "its place is told: \(unit.contexts[0].frame)")
      check.equal(unit.request, nil)
    }
    check.equal(try check.worker().units[0].contexts, [])
  }

  @Sendable private static func threadEnds(_ check: Check) throws {
    let app = try app()
    onThreads(1) { _ in _ = try? app.pushApp() }
    onThreads(1) { _ in try? app.withApp { _ in } }
    let units = try check.worker().units.filter(\.isGone)
    check.equal(units.count, 1)
    check.equal(units.first?.contexts.map(\.kind), [.app])
  }

  private struct Rude: Error, CustomStringConvertible {
    let description = "cannot save card 4111111111111111 of 'mallory' [SQL: SELECT secret]"
  }

  @Sendable private static func messages(_ check: Check) throws {
    setenv("CTXTOP_MESSAGES", "1", 1)
    let app = try app()
    app.teardownApp("rude") { _, _ in throw Rude() }
    do { try app.withApp { _ in } } catch is CtxtopContexts.TeardownFailure {}
    check.equal(try check.worker().failures.map(\.message), ["cannot save card *** of ***"])
  }
}
