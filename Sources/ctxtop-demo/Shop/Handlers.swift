// What is done for each kind of visit.

import CtxtopContexts
import CtxtopDemoOptions
import GRDB
import Glibc
import Synchronization

/// Who visits, and what for.
struct Visitor: Sendable {
  let user: String
  let number: Int
}

extension Shop {
  /// Does what a visit is for; returns the answer's text. Runs in the request's context.
  func handle(_ visit: Visit, _ visitor: Visitor) throws -> String {
    guard let context = AppContext.current else { throw Mishap("there is no app context") }
    let session = try sessions.current()
    Desk.current.deeds.hasSession = true
    switch visit {
    case .account: return account(session, visitor)
    case .item, .stream: return try item(session, visitor)
    case .basket: return try addToBasket(session, visitor, item: visitor.number)
    case .slow: return try takeLong(session, visitor)
    case .failing: throw Mishap("this page is broken")
    case .search: return try search(visitor)
    case .cart:
      context[Shop.cart] = visitor.user
      return try item(session, visitor)
    // No item has this number: the commit finds out.
    case .order: return try addToBasket(session, visitor, item: 404)
    case .invoice: return try item(session, visitor)
    case .report: return try report(visitor)
    case .audit:
      Desk.current.audit = audit
      return try item(session, visitor)
    case .export: return try export()
    case .job: return beginJob()
    case .hook, .warmup: return try item(session, visitor)
    case .stray:
      _ = try app.pushApp()
      Desk.current.deeds.strays = true
      return "a preview"
    }
  }

  private func account(_ session: Session, _ visitor: Visitor) -> String {
    if session.user != visitor.user { Desk.current.deeds.misserved = true }
    return "the session of \(session.user)"
  }

  private func item(_ session: Session, _ visitor: Visitor) throws -> String {
    let name = try session.work {
      try String.fetchOne($0, sql: "SELECT name FROM item WHERE id = ?", arguments: [visitor.number])
    }
    return "a \(name ?? "nothing") for \(session.user)"
  }

  private func addToBasket(_ session: Session, _ visitor: Visitor, item: Int) throws -> String {
    try session.work {
      try $0.execute(sql: "INSERT INTO basket (user, item) VALUES (?, ?)", arguments: [session.user, item])
    }
    if !options.commitOnTeardown { try session.commit() }
    return "in the basket of \(session.user)"
  }

  private func takeLong(_ session: Session, _ visitor: Visitor) throws -> String {
    let text = try item(session, visitor)
    usleep(UInt32(visitor.number) * 100_000)
    return text
  }

  private func search(_ visitor: Visitor) throws -> String {
    let name = "search-\(visitor.number)"
    let tracked = TrackedResource(name: name)
    tracked.waiting()
    defer { tracked.released() }
    try locks.take(name)
    tracked.held()
    defer { try? locks.giveBack(name) }
    usleep(2_000)
    return "found"
  }

  private func report(_ visitor: Visitor) throws -> String {
    let connection = try connections.take()
    Desk.current.deeds.byHand += 1
    let count = try connection.queue.inDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM basket") }
    return "\(count ?? 0) sold"
  }

  private func export() throws -> String {
    let tracked = TrackedResource(name: "export")
    tracked.waiting()
    do { try locks.take("export") } catch {
      tracked.released()
      throw error
    }
    tracked.held()
    Desk.current.deeds.locks += 1
    Shop.forgotten.withLock { $0.append(tracked) }
    return "exported"
  }

  /// Takes the session up again, or a new one, which nobody will remove.
  private func audit() throws {
    _ = try sessions.current().work { try Int.fetchOne($0, sql: "SELECT count(*) FROM basket") }
  }

  private func beginJob() -> String {
    Threads.once(named: "nightly") { [app] in _ = try? app.pushApp() }
    Desk.current.deeds.jobs += 1
    return "the job is done"
  }

  /// Between two requests: what is pushed here is nobody's until a request runs on it.
  func warmUp(_ desk: Desk) {
    guard (try? app.pushApp()) != nil else { return }
    // On a stack that has one already, the next request runs on the new one.
    desk.state.isPoisoned = true
    desk.state.isFresh = true
  }

  /// Locks that nobody gives back. They are remembered, or they would be released with the last who knows them.
  private static let forgotten = Mutex<[TrackedResource]>([])
}

extension Shop {
  /// A response in parts; its context is there until the last.
  func stream(_ request: RequestDescription, _ visitor: Visitor, _ answer: Answer) {
    let desk = Desk.current
    let served = app.serve(request)
    var parts: Parts?
    var failure: (any Error)?
    do {
      try served.run {
        let context = try served.push()
        var raised: (any Error)?
        do {
          let text = try handle(.stream, visitor)
          served.stream()
          let sending = answer.stream()
          parts = sending
          for number in 1...5 where !sending.isUnread {
            sending.send("\(number): \(text)\n")
            usleep(10_000)
          }
        } catch {
          desk.deeds.handlerThrew = true
          raised = error
        }
        try context.pop(error: raised)
        if let raised { throw raised }
      }
    } catch { failure = error }
    served.close(raised: failure != nil)
    finish(desk)
    if let parts { return parts.end() }
    answer.send(500, failure.map { "\($0)" } ?? "")
  }
}
