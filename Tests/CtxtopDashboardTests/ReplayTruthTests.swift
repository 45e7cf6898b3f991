import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopDashboard

/// What the screen says of a recording was so at that time, or says that it is not known.
@Suite struct ReplayTruthTests {
  @Test func whatIsShownIsWhatTheRecordSays() {
    var session = ReplaySession(200, 50, at: 0)
    for index in [1, 25, 59, 30, 11, 10] {
      session.send(.record(index, now: session.tape.records[index], earlier: session.tape.earlier(index)))
      let model = session.tape.model(index)
      #expect(session.state.model?.totals == model.totals)
      #expect(session.state.model?.verdicts == model.verdicts)
    }
  }

  @Test func nothingGrowsWhileItStandsStill() {
    var session = ReplaySession(120, 40, at: 25)
    let before = session.screen
    session.wait(milliseconds: 20_000)
    #expect(session.screen == before)
    #expect(!session.text.contains("stale"))
  }

  @Test func chartsAreThoseOfThePositionHoweverItWasReached() {
    func charts(_ session: ReplaySession) -> [[Double?]] {
      ServiceNumber.allCases.map { session.state.charts.values(of: $0) }
    }
    var stepped = ReplaySession()
    for _ in 0..<50 { stepped.press("t") }
    var jumped = ReplaySession()
    jumped.press("Z")
    jumped.press("b")
    jumped.type("-9s")
    jumped.press(.enter)
    #expect(jumped.position == 50)
    jumped.catchUp()
    #expect(charts(jumped) == charts(stepped))
    // Three minutes at one a second, and nothing of them is known.
    let requests = jumped.state.charts.values(of: .requests)
    #expect(requests.count == 51 + 181)
    #expect(requests[31..<211].allSatisfy { $0 == nil })
    let leaked = jumped.state.charts.values(of: .leaked)
    #expect(leaked[..<10].allSatisfy { $0 == 0 } && leaked[11] == 1)
    var played = ReplaySession()
    played.press("+", "+", "+", "+", "p")
    while (played.position ?? 0) < 50 { played.wait(milliseconds: 10) }
    played.press("p")
    played.catchUp()
    #expect(charts(played).map(\.count) == charts(ReplaySession(at: played.position ?? 0)).map(\.count))
    #expect(charts(played) == charts(ReplaySession(at: played.position ?? 0)))
  }

  @Test func chartsShowNothingOfAnotherTime() {
    var session = ReplaySession(at: 59)
    session.press("r")
    #expect(session.state.charts.values(of: .requests).count == 1)
    session.press("Z")
    #expect(session.state.charts.values(of: .requests).count == 1)
    session.press("g")
    #expect(session.text.contains("reading the records before this one"))
    session.readPast(0)
    #expect(session.state.charts.values(of: .requests).count == 1)
    session.catchUp()
    #expect(session.state.charts.values(of: .requests).count > 200)
    #expect(!session.text.contains("reading the records"))
  }

  @Test func anOpenedRowHasItsPast() {
    var session = ReplaySession(120, 40, at: 25)
    session.press("2", .down, .enter)
    #expect(session.state.wantedPast != nil)
    session.catchUp()
    #expect(session.text.contains("History since 25s"), "\(session.screen)")
  }

  @Test func aRowThatIsNotThereIsOfAnotherTime() {
    var session = ReplaySession(120, 40, at: 25)
    session.press("3", .enter)
    session.press("r")
    #expect(session.text.contains("not in this record; this is how it was 25s later"), "\(session.screen)")
    #expect(!session.text.contains("has left"))
  }

  @Test func theFirstRecordIsComparedWithNone() {
    var session = ReplaySession(120, 24)
    #expect(session.text.contains("the first record: there is none to compare it with"))
    #expect(!session.text.contains("nothing is wrong"))
    session.press("t")
    #expect(session.text.contains("nothing is wrong"))
  }

  @Test func theTimeLineSaysWhatTheRecordsSay() throws {
    let session = ReplaySession(120, 24)
    let line = try #require(session.state.timeLine)
    let outline = session.tape.outline
    for column in 0..<line.area.width {
      let records = line.records(in: column)
      for index in records { #expect(line.column(of: index) == column) }
      switch line.mark(in: column) {
      case .beginning: #expect(outline.findings.contains { records.contains($0.index) })
      case .gap: #expect(records.isEmpty)
      case .wrong, .calm:
        #expect(!outline.findings.contains { records.contains($0.index) })
      }
    }
    // All records are somewhere.
    #expect((0..<line.area.width).reduce(0) { $0 + line.records(in: $1).count } == outline.count)
    let marks = (0..<line.area.width).map { line.mark(in: $0) }
    #expect(marks.contains(.gap) && marks.contains(.calm) && marks.contains(.beginning(.critical)))
  }

  @Test func timesThatNoClockTellsBreakNothing() {
    let times: [[UInt64]] = [[0, .max, 5], [.max, .max], [0], [7, 7, 7], [9, 3, 1], [.max, 0]]
    for times in times {
      var tape = Tape(records: times.indices.map { Fixture.shop(at: UInt64($0)) })
      for (index, time) in times.enumerated() { tape.records[index].wallTime = time }
      tape.gaps = [
        Outline.Gap(before: -5, since: 0, until: 9, reason: ""),
        Outline.Gap(before: 99, since: 5, until: 1, reason: ""),
        Outline.Gap(before: 1, since: .max, until: 0, reason: "\u{1B}[2J"),
        Outline.Gap(before: times.count, since: 0, until: .max, reason: "x"),
      ]
      tape.summarize()
      for width in [0, 1, 2, 50, 200] {
        var session = ReplaySession(width, 24, tape: tape)
        for _ in 0..<3 {
          session.press("+", "+", "+", "p")
          session.wait(milliseconds: 100)
          session.press("t", "]", "[", "Z", "r", "g", "g")
          session.catchUp()
          #expect(session.screen.isConsistent)
        }
      }
    }
  }
}
