// The shop: an app of CtxtopContexts, its teardown functions, and how a request gets from HTTP through a context to its
// handler (Handlers.swift). At the end of each, what it left behind is written down (Deeds.swift, Truth.swift).

import CtxtopContexts
import CtxtopDemoOptions
import Glibc

/// The shop of one worker.
final class Shop: Sendable {
  let app: App
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
    if options.commitOnTeardown {
      app.hazard("commit_on_teardown", "--commit-on-teardown: a commit that raises keeps the session from being removed")
    }
    if options.reloadOnException {
      app.hazard("reload_on_exception", "--reload-on-exception with \(options.threads) threads: it ends their requests too")
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

  /// Last registered first: the cart's before the session's, the audit's behind it.
  private func register(_ accounting: RouteGroup) {
    app.onAppPushed("shop.loadTenant") { _ in
      let desk = Desk.current
      guard desk.isArmed else { return }
      desk.isArmed = false
      desk.deeds.hookThrew = true
      throw Mishap("the tenant is not known")
    }
    app.teardownApp("shop.writeAudit") { context, _ in
      let desk = Desk.current
      guard desk.isAudited else { return }
      do {
        try self.audit(context)
        desk.deeds.auditOpened = true
      } catch {
        desk.deeds.auditThrew = true
        throw error
      }
    }
    app.teardownApp("shop.removeSession") { context, error in
      let desk = Desk.current
      desk.deeds.hasSession = context[Shop.session] != nil
      do { try self.removeSession(context, error) } catch {
        desk.deeds.sessionThrew = true
        throw error
      }
    }
    app.teardownApp("shop.closeCart") { context, _ in
      guard context[Shop.cart] != nil else { return }
      let desk = Desk.current
      desk.deeds.hasSession = context[Shop.session] != nil
      desk.deeds.cartThrew = true
      throw Mishap("the cart service does not answer")
    }
    accounting.teardownRequest("accounting.closeBooks") { _, _ in
      let desk = Desk.current
      desk.deeds.groupThrew = true
      throw Mishap("the books are closed already")
    }
  }

  private func removeSession(_ context: AppContext, _ error: (any Error)?) throws {
    guard let session = context[Shop.session] else { return }
    if options.commitOnTeardown, error == nil { try session.commit() }
    session.remove()
    context[Shop.session] = nil
  }

  /// The session of an app context; made for `user` where there is none yet.
  func session(of user: String, on context: AppContext) -> Session {
    if let session = context[Shop.session] { return session }
    let session = Session(of: user, connections)
    context[Shop.session] = session
    return session
  }

  static let session = ContextLocal<Session>()
  static let cart = ContextLocal<String>()
}

/// What goes wrong on purpose.
struct Mishap: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
