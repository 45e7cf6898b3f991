import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopDashboard
import CtxtopSettings

/// Sessions at the keyboard over a recording.
@Suite struct ReplayTests {
  @Test func keysOfTheRecordingWin() {
    var session = ReplaySession()
    session.press("t", "t", "t", "T")
    #expect(session.position == 2)
    #expect(session.state.view == .workers)
    session.press(.function(5))
    #expect(session.state.view == .tree)
    session.press("Z")
    #expect(session.position == 59)
    session.press("r")
    #expect(session.position == 0)
    #expect(!session.session.effects.contains(.startRecording))
    session.press("T")
    #expect(session.position == 0 && session.text.contains("this is the first record"))
    session.press("q")
    #expect(session.session.effects.last == .quit)
  }

  @Test func whatStandsBeforeAGapDoesNotBeginBehindIt() {
    func entry(_ second: UInt64, _ verdicts: UInt16, leaked: UInt32 = 0) -> Outline.Entry {
      Outline.Entry(wallTime: second * 1_000_000_000, leakedContexts: leaked, verdicts: verdicts)
    }
    // The first record behind the gap has none to confirm what joins two.
    let entries = [entry(1, 0), entry(2, 2, leaked: 1), entry(9, 0), entry(10, 2, leaked: 1), entry(11, 2, leaked: 2)]
    let gap = Outline.Gap(before: 2, since: 2_000_000_000, until: 9_000_000_000, reason: "recording stopped")
    #expect(Outline(entries: entries, gaps: [gap]).findings.map(\.index) == [1, 4])
    #expect(Outline(entries: entries).findings.map(\.index) == [1, 3, 4])
  }

  @Test func troubleIsFoundInBothDirections() {
    var session = ReplaySession()
    var places: [Int] = []
    for _ in 0..<4 {
      session.press("]")
      places.append(session.position ?? -1)
    }
    // The failure is counted in the first record of the leak, the leak itself needs a second to be sure.
    #expect(places[0] == 10 && places[1] == 11)
    #expect(places.allSatisfy { (10...46).contains($0) })
    session.press("Z", "[")
    #expect(session.position == 46)
    session.press("]")
    #expect(session.position == 46 && session.text.contains("nothing else begins after this"))
    session.press("r", "[")
    #expect(session.text.contains("nothing else begins before this"))
  }

  @Test func timesAreTyped() {
    var session = ReplaySession()
    for (text, index) in [("09:00:20", 20), ("-5s", 54), ("+7s", 7), ("end", 59), ("start", 0), ("09:02", 29)] {
      session.press("b")
      session.type(text)
      session.press(.enter)
      #expect(session.position == index, "\(text)")
      #expect(session.state.mode == .list)
    }
    session.press("b")
    session.type("noon")
    session.press(.enter)
    #expect(session.state.mode == .prompt && session.text.contains("noon is no time"))
    session.press(.escape)
    #expect(session.state.mode == .list && session.position == 29)
  }

  @Test func playsAtTheSpeedOfTheRecordsAndFaster() {
    var session = ReplaySession()
    session.press("p")
    session.wait(milliseconds: 3_500)
    #expect(session.position == 3)
    session.press("+", "+")
    #expect(session.text.contains("5x"))
    session.wait(milliseconds: 1_000)
    #expect(session.position == 8)
    session.press(" ")
    session.wait(milliseconds: 5_000)
    #expect(session.position == 8)
    session.press("-", "-", "-")
    #expect(session.state.replay?.speed == 1)
  }

  @Test func leavesRecordsOutRatherThanTime() {
    var session = ReplaySession()
    for _ in 0..<4 { session.press("+") }
    #expect(session.state.replay?.speed == 30)
    let before = session.session.effects.count
    session.press("p")
    session.wait(milliseconds: 900)
    #expect(session.position == 27)
    #expect(session.session.effects.count - before <= 18)
  }

  @Test func aGapIsSaidAndTakesASecond() {
    var session = ReplaySession(120, 24, at: 28)
    session.press("p")
    session.wait(milliseconds: 1_050)
    #expect(session.position == 29)
    session.wait(milliseconds: 1_050)
    #expect(session.position == 30)
    #expect(session.text.contains("nothing was recorded for 3m01s: the server was restarted"))
    #expect(session.state.model?.totals.rates == nil)
    session.press("p", "j")
    session.press("]", "[")
    #expect(session.state.replay?.isPlaying == false)
  }

  @Test func atTheEndItStops() {
    var session = ReplaySession(at: 57)
    session.press("p")
    session.wait(milliseconds: 4_000)
    #expect(session.position == 59)
    #expect(session.state.replay?.isPlaying == false)
    #expect(session.text.contains("this is the end of the recording"))
    session.press("p")
    #expect(session.text.contains("r goes back"))
  }

  @Test func aFileThatGrowsIsFollowed() {
    var session = ReplaySession(at: 50)
    session.grow([Fixture.shop(at: 240)])
    #expect(session.position == 50)
    session.press("Z")
    #expect(session.position == 60 && session.text.contains("follows"))
    session.grow([Fixture.shop(at: 241), Fixture.shop(at: 242)])
    #expect(session.position == 62)
    session.press("p")
    session.grow([Fixture.shop(at: 243)])
    #expect(session.position == 62 && !session.text.contains("follows"))
    session.press("p")
    session.wait(milliseconds: 1_200)
    // Played to where it grows, it follows.
    #expect(session.position == 63 && session.text.contains("follows"))
  }

  @Test func nothingIsDoneToWorkersOfARecording() {
    var session = ReplaySession(at: 20)
    session.press("K")
    #expect(session.text.contains("cannot recycle a worker: this is a recording"))
    #expect(session.state.mode == .list)
    session.press("w", "y")
    #expect(session.session.effects.contains(.writeSnapshot))
    #expect(!session.state.footerKeys.contains { $0.action == .recycle })
  }

  @Test func whatCannotBeReadIsPassedOver() {
    var tape = Tape.shop
    tape.holes = [12, 13]
    var session = ReplaySession(tape: tape, at: 11)
    session.press("t")
    #expect(session.position == 14)
    #expect(session.text.contains("record 14 cannot be read: its checksum is wrong"))
    session.press("T")
    #expect(session.position == 11)
    session.press("Z")
    session.catchUp()
    #expect(session.state.wantedPast == nil)
    tape.holes = Set(12..<60)
    session = ReplaySession(tape: tape, at: 11)
    session.press("t")
    #expect(session.position == 11)
    session.press("q")
    #expect(session.session.effects.last == .quit)
  }

  @Test func aClickOnTheTimeLineGoesThere() throws {
    var session = ReplaySession()
    let line = try #require(session.state.timeLine)
    func click(_ column: Int) {
      session.send(.key(.mouse(Mouse(.press, at: Position(x: line.area.x + column, y: 1)))))
    }
    click(line.area.width - 1)
    #expect(session.position == 59)
    click(0)
    #expect(session.position == 0)
    let mark = line.column(of: 10)
    click(mark)
    #expect(session.position == 10)
  }

  @Test func aFollowedWorkerHasNoHeirsInThePast() {
    var tape = Tape.shop
    for index in 20..<30 { tape.records[index].workers[1].pid = 5001 }
    tape.summarize()
    var session = ReplaySession(tape: tape, at: 25)
    session.press("/")
    session.type("5001")
    session.press(.enter, "F", "[")
    #expect(!session.text.contains("was replaced by"))
  }
}

@Suite struct ShownDocumentTests {
  /// One document as it is read from a file: what was concluded then, without the facts that led to it.
  @Test func showsWhatWasConcludedThen() throws {
    let model = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    var session = Session(120, 40, passes: 0)
    session.send(.recording(Outline(entries: [Outline.Entry(wallTime: model.now.wallTime)])))
    session.send(.document(0, now: model.now, judgement: model.judgement))
    let screen = session.screen.lines.joined(separator: "\n")
    let worst = try #require(model.verdicts.first)
    #expect(screen.contains(worst.code.rawValue) && screen.contains("replay 2026-11-22 09:00:01 UTC"))
    #expect(!screen.contains("there is none to compare it with"))
    for key in ["p", " ", "t", "T", "Z", "]", "1", "6"] as [Key] { session.press(key) }
    #expect(session.state.model?.verdicts == model.verdicts)
  }

  @Test func nothingWrongIsSaidSo() {
    let model = Model(now: Fixture.healthy(at: 1), earlier: Fixture.healthy(at: 0))
    var session = Session(120, 40, passes: 0)
    session.send(.recording(Outline(entries: [Outline.Entry(wallTime: model.now.wallTime)])))
    session.send(.document(0, now: model.now, judgement: model.judgement))
    #expect(session.screen.lines.joined(separator: "\n").contains("nothing is wrong"))
  }
}
