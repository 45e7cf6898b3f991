import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// The detail of each kind of row.
@Suite struct DetailTests {
  private static let sizes = [(80, 24), (120, 40)]
  /// A name, the keys that lead there.
  private static let details: [(String, [Key])] = [
    ("worker", ["1", .enter]), ("unit", ["2", .enter]), ("context", ["3", .enter]),
    ("connection", ["4", .enter]), ("failure", ["5", .enter]), ("verdict", ["6", .enter]),
  ]

  private func open(_ keys: [Key], _ width: Int = 120, _ height: Int = 40) -> Session {
    var session = Session(width, height, passes: 4)
    for key in keys { session.press(key) }
    session.receive(Fixture.shop(at: 4))
    return session
  }

  @Test(arguments: details.indices, sizes) func detail(index: Int, size: (Int, Int)) {
    let (name, keys) = Self.details[index]
    let session = open(keys, size.0, size.1)
    expectScreen(session.screen, named: "detail-\(name)-\(size.0)x\(size.1)")
  }

  @Test func sessionsAndLocks() {
    var session = Session(120, 40, passes: 0)
    session.send(.source(.live))
    for pass in 0..<2 { session.receive(Self.leftovers(at: UInt64(pass))) }
    session.press("4")
    for (kind, key) in [("session", "orphan"), ("resource", "cart-lock")] {
      session.press("/")
      for character in key { session.press(.character(character)) }
      session.press(.enter, .enter)
      expectScreen(session.screen, named: "detail-\(kind)-120x40")
      session.press(.escape)
    }
  }

  @Test func whatIsWrongComesFirst() throws {
    let lines = open(["1", .enter]).screen.lines
    let wrong = try #require(lines.firstIndex { $0.contains("CTX001") })
    let units = try #require(lines.firstIndex { $0.contains("Units:") })
    #expect(wrong < units && wrong <= 3)
  }

  @Test func theStackIsDrawnTopFirst() throws {
    let lines = open(["2", .enter]).screen.lines
    #expect(lines.contains { $0.contains("│ 1 ✗ app context of GET /chat/<id>, reused") || $0.contains("left behind") })
    var session = Session(120, 40)
    session.press("2", .end)
    while !session.screen.lines.contains(where: { $0.hasPrefix("▸") && $0.contains("/cart") }) { session.press(.up) }
    session.press(.enter)
    let request = try #require(session.screen.lines.firstIndex { $0.contains("2   request context of GET /cart") })
    let app = try #require(session.screen.lines.firstIndex { $0.contains("1   app context of GET /cart") })
    #expect(request < app)
  }

  @Test func itSaysWhereEnterLeadsTo() {
    var session = open(["6", .enter])
    #expect(session.screen.lines.contains { $0.contains("Enter: app context on worker 4312 thread 7") })
    session.press(.enter)
    #expect(session.screen.lines.contains { $0.contains("Enter: worker 4312 thread 7") })
    session.press(.enter, .enter)
    #expect(session.screen.lines.contains { $0.contains("worker 4312  gunicorn gthread") })
    session.press(.escape, .escape, .escape)
    #expect(session.screen.lines.contains { $0.contains("Enter: app context on worker 4312 thread 7") })
  }

  @Test(arguments: details.indices) func whatHasLeftShowsItsLastState(index: Int) {
    var session = open(Self.details[index].1)
    let before = session.screen.lines
    for pass in 5..<8 { session.receive(Fixture.service("shop", at: UInt64(pass))) }
    let lines = session.screen.lines
    #expect(lines.contains { $0.contains("has left 3s ago; this is its last state") })
    // The heading, and what is below it.
    #expect(lines.contains { $0.contains(before[2].dropFirst(4).prefix(20)) })
    session.press(.escape)
    #expect(session.state.mode == .list)
  }

  @Test func aDetailIsSearched() {
    var session = open(["5", .enter], 60, 12)
    session.press("/")
    for character in "close_cart$" { session.press(.character(character)) }
    session.press(.enter)
    #expect(session.state.mode == .detail)
    #expect(session.screen.lines.contains { $0.contains("shop.py:15 close_cart") })
    let row = session.screen.lines.firstIndex { $0.contains("shop.py:15 close_cart") } ?? 0
    #expect(session.screen[8, row].style == Theme.color[.selected])
    session.press("/")
    for character in "no such line" { session.press(.character(character)) }
    session.press(.enter)
    #expect(session.screen.lines.contains { $0.contains("no line matches no such line") })
  }

  @Test func theHelpIsSearchedOnAndBack() {
    var session = Session(80, 24)
    session.press("h", "/")
    for character in "worker" { session.press(.character(character)) }
    session.press(.enter)
    func found(_ session: Session) -> String {
      let style = Theme.color[.selected]
      let screen = session.screen
      let rows = (0..<24).filter { row in (2..<78).contains { screen[$0, row].style == style } }
      return rows.first.map { screen.lines[$0] } ?? ""
    }
    let first = found(session)
    #expect(first.lowercased().contains("worker"))
    session.press("n")
    let second = found(session)
    #expect(second.lowercased().contains("worker") && second != first)
    session.press("N")
    #expect(found(session) == first)
    session.press("/", .escape)
    #expect(session.state.opened == .help)
  }

  /// The shop, with a session that another request works in and a lock that is waited for.
  private static func leftovers(at pass: UInt64) -> Snapshot {
    var snapshot = Fixture.shop(at: pass)
    let since = Fixture.monotonicTime - 90_000_000_000
    let holder = Holder(
      unit: 3, unitGeneration: 1, request: 50, context: 500, label: Fixture.chat, frame: "shop.py:44 chat")
    var session = CtxtopSnapshot.Session(id: 20, generation: 1)
    session.scope = "app context"
    session.since = since
    session.isInTransaction = true
    session.isDirty = true
    session.holder = holder
    snapshot.workers[0].sessions = [session]
    var lock = Resource(id: 21, generation: 1)
    lock.kind = "lock"
    lock.name = "cart-lock"
    lock.state = .waiting
    lock.since = since
    lock.holder = holder
    snapshot.workers[0].resources = [lock]
    return snapshot
  }
}
