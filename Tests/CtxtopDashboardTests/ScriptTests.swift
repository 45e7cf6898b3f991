// Sessions at the keyboard with every frame as text: one recorded file a session. See GoldenTests.swift for how to record.

import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing
import CtxtopSettings

/// A session of which each step is written down with the screen after it.
private struct Script {
  var session: Session
  private(set) var text = ""

  init(_ width: Int = 80, _ height: Int = 20, look: Look = Look()) {
    session = Session(width, height, look: look, of: { Fixture.market(at: $0) })
    note("start")
  }

  mutating func press(_ keys: Key...) {
    for key in keys {
      session.press(key)
      note(key.name)
    }
  }

  mutating func type(_ typed: String) {
    session.type(typed)
    note("typed: \(typed)")
  }

  mutating func receive(_ snapshot: Snapshot, _ what: String) {
    session.receive(snapshot)
    note("snapshot: \(what)")
  }

  private mutating func note(_ step: String) {
    text += "=== \(step)\n" + session.screen.lines.joined(separator: "\n") + "\n"
  }
}

@Suite struct ScriptTests {
  @Test func findsTheLeak() {
    var script = Script()
    let verdicts: Key = "6"
    script.press(verdicts)
    let row = script.session.selectedLine
    script.press(.enter, .enter, .escape, .escape)
    #expect(script.session.selectedLine == row)
    expectText(script.text, named: "script-leak")
  }

  @Test func searches() {
    var script = Script()
    script.press("2", "/")
    script.type("checkout")
    script.press(.enter, "n", "n", "N", "/")
    script.type("[a")
    script.press(.enter)
    let before = script.session.state
    script.press(.escape)
    #expect(script.session.state.mode == .list && before.mode == .prompt)
    expectText(script.text, named: "script-search")
  }

  @Test func filters() {
    var script = Script()
    script.press("4", .down, .down, "\\")
    script.type("!idle")
    script.press(.enter, "\\", .control("u"))
    script.type("state:^leak")
    script.press(.enter, .escape, .down)
    let row = script.session.selectedLine
    script.press("\\")
    script.type("nothing")
    script.press(.escape)
    #expect(script.session.selectedLine == row)
    expectText(script.text, named: "script-filter")
  }

  @Test func sortsAndChoosesColumns() {
    var script = Script()
    script.press("s", .down, .down, .enter, "I", ">", "C", .down, " ", .enter, "2", "1")
    expectText(script.text, named: "script-columns")
  }

  @Test func foldsTheTree() {
    var script = Script()
    script.press("t", .down, .left, .left, .right, "*", "*", .end, .enter, .escape, "t")
    expectText(script.text, named: "script-tree")
  }

  @Test func followsAcrossRecycling() {
    var script = Script()
    script.press("F")
    var next = Fixture.market(at: 2)
    next.workers[0].liveness = .exited
    next.workers[0].kernel = nil
    script.receive(next, "4312 has exited")
    var replaced = Fixture.market(at: 3)
    replaced.workers[0] = Fixture.base(slot: 0, pid: 5001, at: 3)
    replaced.workers[0].generation = 2
    replaced.workers[0].started = replaced.wallTime - 1_000_000_000
    script.receive(replaced, "5001 takes its place")
    #expect(script.session.selectedLine?.contains("5001") == true)
    expectText(script.text, named: "script-follow")
  }

  @Test func pausesAndAsks() {
    var script = Script()
    script.press("p")
    script.receive(Fixture.market(at: 2), "while paused")
    script.press("p", "K", "n", "K", "y", "h", "h")
    #expect(script.session.effects.contains(.recycle(pid: 4312)))
    expectText(script.text, named: "script-questions")
  }
}

/// What holds in every view.
@Suite struct ReturnTests {
  @Test(arguments: ViewName.allCases) func escapeComesBackToTheSameRow(view: ViewName) {
    var session = Session(80, 24, market: view)
    for row in 0..<12 {
      session.press(.home)
      for _ in 0..<row { session.press(.down) }
      let before = session.screen.lines.dropFirst(7)
      session.press(.enter)
      for depth in 1...3 {
        var deep = session
        for _ in 1..<depth { deep.press(.enter) }
        deep.press("h", "g", .escape, .escape)
        for _ in 0..<depth { deep.press(.escape) }
        #expect(deep.state.view == view && deep.state.opened == nil)
        #expect(deep.screen.lines.dropFirst(7).dropLast() == before.dropLast())
      }
      session.press(.escape)
    }
  }

  @Test func eachViewRemembersItsOwn() {
    var session = Session(120, 40, market: .units)
    session.press(">", ">", "I", .down, .down, "\\")
    session.type("thread")
    session.press(.enter, "C", " ", .enter)
    let units = session.screen
    session.press("4", ">", .down, "\\")
    session.type("connection")
    session.press(.enter)
    let connections = session.screen
    #expect(units != connections)
    session.press("2")
    #expect(session.screen == units)
    session.press(.tab, .tab)
    #expect(session.screen == connections)
    session.press("t", "t")
    #expect(session.screen.lines.dropFirst(5) == connections.lines.dropFirst(5))
  }

  /// Whatever the footer offers does something.
  @Test(arguments: ViewName.allCases) func whatTheFooterOffersWorks(view: ViewName) {
    let openings: [[Key]] = [[], [.enter], ["h"], ["g"], ["/"], ["\\"], ["s"], ["C"], ["K"], ["F"], ["p"]]
    for opening in openings {
      var session = Session(200, 24, market: view)
      for key in opening { session.press(key) }
      for offer in session.state.footerKeys {
        var pressed = session
        pressed.press(offer.key)
        let isAnswered = pressed.screen != session.screen || pressed.effects != session.effects
        #expect(isAnswered, "\(opening.map(\.name)): \(offer.key.name) \(offer.label)")
      }
    }
  }
}
