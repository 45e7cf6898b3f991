// The shop: an app of CtxtopContexts, its teardown functions, and how a request gets from HTTP through a context to its
// handler (Handlers.swift). At the end of each, what it left behind is written down (Deeds.swift, Truth.swift).

import CtxtopContexts
import CtxtopDemoOptions
import Glibc

/// The shop of one worker.
final class Shop: Sendable {
  let app: App
  let sessions: ScopedSessions<Session>
  let connections: Connections
  let locks: SharedLocks
  let truth: Truth
  let options: DemoOptions
  private let routes: [Visit: Route]

  init(_ options: DemoOptions, number: Int, supervisor: Int32, database: String, _ truth: Truth) throws {
    self.options = options
    self.truth = truth
    app = App(name: Place.name, policy: TeardownPolicy(rawValue: options.policy.rawValue) ?? .finish)
    connections = Connections(try Database(database, connections: options.connections))
    locks = try SharedLocks(database)
    let accounting = app.group("accounting")
    Self.registerAudit(app)
    sessions = Self.sessions(of: app, connections, commits: options.commitOnTeardown)
    routes = Dictionary(
      uniqueKeysWithValues: Visit.allCases.map { visit in
        let group = visit == .invoice ? accounting : nil
        return (visit, Route(endpoint: visit.rawValue, rule: "\(visit.path)/<number>", group: group))
      })
    register(accounting)
    try attach(number, supervisor)
  }

  private func attach(_ number: Int, _ supervisor: Int32) throws(Trouble) {
    var configuration = AgentConfiguration()
    configuration.server = "ctxtop-demo"
    configuration.version = "1.0.0"
    configuration.workers = options.workers
    configuration.threads = options.threads
    configuration.number = number
    configuration.supervisor = supervisor
    configuration.recycleSignal = SIGTERM
    configuration.recyclesOnLeak = options.recycleOnLeak
    do { try app.start(configuration) } catch {
      // As with every server: it serves, and nobody sees it.
      Trouble.say("attaching the agent: \(error.line); the shop is served unmonitored")
    }
    if options.reloadOnException {
      app.hazard(
        "reload_on_exception", "--reload-on-exception with \(options.threads) threads: it ends their requests too")
    }
  }

  /// Takes the worker off its service.
  func close() { app.stop() }

  // MARK: Requests

  /// Serves a request on the calling thread, and answers it.
  func serve(_ incoming: Incoming, _ answer: Answer) {
    let words = incoming.path.split(separator: "/")
    guard let visit = words.first.flatMap({ Visit(rawValue: String($0)) }), let route = routes[visit] else {
      return answer.send(404, "there is no such page; try /account or /item")
    }
    let desk = Desk.current
    desk.clear()
    desk.isArmed = visit == .hook
    desk.user = incoming.user
    truth.count(.requests)
    let request = RequestDescription(method: incoming.method, route: route)
    let visitor = Visitor(user: incoming.user, number: words.last.flatMap { Int($0) } ?? 1)
    if visit == .stream { return stream(request, visitor, answer) }
    var text: String?
    var reason: (any Error)?
    do {
      text = try app.withRequest(request) { _ in
        do { return try handle(visit, visitor) } catch {
          desk.deeds.handlerThrew = true
          throw error
        }
      }
    } catch { reason = error }
    finish(desk)
    if visit == .warmup { warmUp(desk) }
    if let text { answer.send(200, text) } else { fail(reason, answer) }
  }

  /// The request has ended: writes down what came of it.
  func finish(_ desk: Desk) {
    let consequences = Consequences(of: desk.deeds, on: desk.state, options.policy)
    desk.state = consequences.state
    for (count, number) in consequences.counts { truth.count(count, number) }
  }

  private func fail(_ reason: (any Error)?, _ answer: Answer) {
    // As uWSGI does it: at once, whatever the other threads are doing. The agent is not told either.
    if options.reloadOnException { _exit(5) }
    answer.send(500, reason.map { "\($0)" } ?? "")
  }

  // MARK: Teardown

  /// Registered before the sessions' own, and so run behind it.
  private static func registerAudit(_ app: App) {
    app.teardownApp("shop.writeAudit") { _, _ in
      let desk = Desk.current
      guard let audit = desk.audit else { return }
      do { try audit() } catch {
        desk.deeds.auditThrew = true
        throw error
      }
      desk.deeds.auditOpened = true
    }
  }

  private static func sessions(
    of app: App, _ connections: Connections, commits: Bool
  ) -> ScopedSessions<Session> {
    let commit: @Sendable (Session) throws -> Void = { session in
      do { try session.commit() } catch {
        Desk.current.deeds.sessionThrew = true
        throw error
      }
    }
    return ScopedSessions(
      app, commit: commits ? commit : nil, state: { $0.state }, close: { $0.remove() },
      make: { Session(of: Desk.current.user, connections) })
  }

  /// Last registered first: the cart's before the sessions'.
  private func register(_ accounting: RouteGroup) {
    app.onAppPushed("shop.loadTenant") { _ in
      let desk = Desk.current
      guard desk.isArmed else { return }
      desk.isArmed = false
      desk.deeds.hookThrew = true
      throw Mishap("the tenant is not known")
    }
    app.teardownApp("shop.closeCart") { context, _ in
      guard context[Shop.cart] != nil else { return }
      Desk.current.deeds.cartThrew = true
      throw Mishap("the cart service does not answer")
    }
    accounting.teardownRequest("accounting.closeBooks") { _, _ in
      Desk.current.deeds.groupThrew = true
      throw Mishap("the books are closed already")
    }
  }

  static let cart = ContextLocal<String>()
}

/// What goes wrong on purpose.
struct Mishap: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
