import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// What the screen says is so now, or says that it is not.
@Suite struct TruthTests {
  private let second: UInt64 = 1_000_000_000

  private func text(_ session: Session) -> String { session.screen.lines.joined(separator: "\n") }

  @Test func aPatternThatTakesTooLongIsToldOnce() {
    func hostile(_ pass: UInt64) -> Snapshot {
      var snapshot = Fixture.shop(at: pass)
      snapshot.workers[1].units[0].request?.label.rule = String(repeating: "a", count: 40) + "!"
      return snapshot
    }
    var session = Session(120, 24, passes: 0)
    for pass in UInt64(0)..<2 { session.receive(hostile(pass)) }
    session.press("2", "\\")
    for key in "(a+)+$" { session.press(.character(key)) }
    session.press(.enter)
    #expect(text(session).contains("takes too long to match"))
    #expect(text(session).contains(" or more"))
    for pass in UInt64(2)..<12 { session.receive(hostile(pass)) }
    #expect(!text(session).contains("takes too long to match"))
    #expect(text(session).contains(" or more"))
  }

  @Test func escapeLeadsBackToTheRowThatWasOpened() {
    var session = Session(80, 24)
    session.press(.enter)
    var snapshot = Fixture.shop(at: 2)
    // Now another one is the worst: it cannot be seen any more whether this one lives.
    snapshot.workers[1].liveness = .unknown
    session.receive(snapshot)
    session.press(.escape)
    let selected = session.screen.lines.first { $0.hasPrefix("▸") }
    #expect(selected?.contains("4312") == true, "\(selected ?? "none")")
  }

  @Test func theWayBackIsFoundAfterAnyNumberOfTurns() {
    var session = Session(80, 24)
    for _ in 0..<500 { session.press("h", "g") }
    for _ in 0..<40 { session.press(.escape) }
    #expect(session.state.opened == nil)
  }

  @Test func theTreeIsSorted() {
    var session = Session(80, 40, passes: 0)
    for pass in UInt64(0)..<2 { session.receive(Fixture.healthy(workers: 3, units: 3, at: pass)) }
    func rows() -> [String] {
      session.screen.lines.filter { $0.contains("worker 4") || $0.contains("thread ") || $0.contains(" context ") }
        .map { String($0.prefix(30).drop { !$0.isLetter }) }
    }
    session.press("t", "*", .home)
    let unsorted = rows()
    session.press("I")
    #expect(rows() != unsorted)
    #expect(rows().filter { $0.contains("worker") } == unsorted.filter { $0.contains("worker") }.reversed())
    // A stack stays a stack: the app context below the request context that was pushed after it.
    let contexts = rows().filter { $0.contains("context") }.map { $0.contains("app") }
    #expect(contexts == [true, false, true, false, true, false])
    session.press("I")
    #expect(rows() == unsorted)
  }

  @Test func whatDidNotComeIsAGap() {
    var session = Session()
    session.wait(59)
    session.receive(Fixture.shop(at: 62))
    let requests = session.state.history.values(of: .requests)
    #expect(requests.count > 55 && requests.count < 65)
    #expect(requests.dropFirst(2).dropLast().allSatisfy { $0 == nil })
    #expect(requests.last ?? nil != nil)
    session.receive(Fixture.shop(at: 63))
    #expect(session.state.history.values(of: .requests).count == requests.count + 1)
  }

  @Test func whatIsConfirmedStaysSoWhenSnapshotsComeCloseTogether() {
    var session = Session(120, 24)
    #expect(text(session).contains("CTX001"))
    var soon = Fixture.shop(at: 1)
    soon.monotonicTime += 20_000_000
    soon.wallTime += 20_000_000
    session.send(.snapshot(soon))
    #expect(text(session).contains("CTX001"))
  }

  @Test func whatIsOutdatedIsNotCalledWell() {
    var session = Session(120, 24, passes: 0)
    session.send(.source(.live))
    for pass in UInt64(0)..<2 { session.receive(Fixture.healthy(at: pass)) }
    #expect(text(session).contains("nothing is wrong"))
    session.wait(10)
    #expect(text(session).contains("stale for 10s"))
    #expect(!text(session).contains("nothing is wrong"))
    session.receive(Fixture.healthy(at: 12))
    #expect(text(session).contains("nothing is wrong"))
    session.send(.source(.reconnecting(since: 11 * second)))
    #expect(!text(session).contains("nothing is wrong"))
  }

  @Test func aShorterIntervalDoesNotMakeStale() {
    var session = Session(120, 24)
    for _ in 0..<9 { session.press("+") }
    session.wait(50)
    #expect(!text(session).contains("stale"))
    for _ in 0..<9 { session.press("-") }
    #expect(!text(session).contains("stale"))
    session.wait(2)
    #expect(text(session).contains("stale for 52s"))
  }

  @Test func anotherServiceIsNotComparedWithThisOne() {
    var session = Session(120, 24)
    var other = Fixture.shop(at: 2)
    other.service = "market"
    session.receive(other)
    #expect(text(session).contains("market"))
    #expect(session.state.history.values(of: .requests) == [nil])
    #expect(session.state.model?.earlier == nil)
  }

  @Test func aWorkerOfARestartedServerHasAHistoryOfItsOwn() throws {
    var session = Session()
    var snapshot = Fixture.shop(at: 2)
    snapshot.workers[0].pid = 9000
    session.receive(snapshot)
    let series = try #require(session.state.history.series(of: .worker(slot: 0, generation: 1)))
    #expect(series.count == 1)
  }

  @Test func theKeysThatAMenuOffersAnswerTheMouse() throws {
    var session = Session(80, 24)
    session.press("s", .down, .down)
    let footer = try #require(session.screen.lines.last)
    let place = try #require(footer.ranges(of: "OK").first?.lowerBound)
    let x = footer.distance(from: footer.startIndex, to: place)
    session.send(.key(.mouse(Mouse(.press, at: Position(x: x, y: 23)))))
    #expect(!text(session).contains("Sort by"))
    #expect(text(session).contains("PID▲"))
  }

  @Test(arguments: 1...10) func aPatternThatIsNoneIsToldOnAnyScreen(height: Int) {
    var session = Session(40, height)
    session.press("/", "(", .enter)
    #expect(height < 2 || text(session).contains("( without its )"), "\(session.screen.lines)")
  }
}
