import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing
import CtxtopSettings

/// Sessions at the keyboard.
@Suite struct KeyTests {
  private func selectedLine(_ session: Session) -> String {
    session.screen.lines.first { $0.hasPrefix("▸") } ?? ""
  }

  @Test(arguments: ["q" as Key, .function(10)]) func quitsFromEverywhere(key: Key) {
    for opening in [[], ["h"], [Key.enter]] as [[Key]] {
      var session = Session()
      for key in opening { session.press(key) }
      session.press(key)
      #expect(session.effects == [.quit])
    }
  }

  @Test func quitsBeforeTheFirstSnapshot() {
    var session = Session(passes: 0)
    session.press(.enter, .down, .pageUp, "5", "6", ">", "I", "p", "p", "q")
    #expect(session.effects == [.quit])
  }

  @Test func helpComesAndGoes() {
    for (open, close) in [("h" as Key, "h" as Key), ("?", .escape), (.function(1), "?")] {
      var session = Session()
      let before = session.screen
      session.press(open)
      #expect(session.state.opened == .help)
      session.press(close)
      #expect(session.screen == before)
    }
  }

  @Test func selectionMoves() {
    var session = Session()
    #expect(selectedLine(session).contains("4312"))
    session.press("j")
    let second = selectedLine(session)
    #expect(!second.contains("4312"))
    session.press("k")
    #expect(selectedLine(session).contains("4312"))
    session.press(.end)
    let last = selectedLine(session)
    session.press(.down, .pageDown)
    #expect(selectedLine(session) == last)
    session.press(.home)
    #expect(selectedLine(session).contains("4312"))
  }

  @Test func selectionFollowsItsWorker() {
    var session = Session()
    while !selectedLine(session).contains("4314") { session.press(.down) }
    for _ in 0..<12 {
      session.press(">")
      #expect(selectedLine(session).contains("4314"))
      session.press("I")
      #expect(selectedLine(session).contains("4314"))
    }
    var without = Fixture.shop(at: 2)
    without.workers.removeFirst()
    session.receive(without)
    #expect(selectedLine(session).contains("4314"))
  }

  @Test func aRowThatLeavesIsReplaced() {
    var session = Session()
    session.press(.end)
    var fewer = Fixture.shop(at: 2)
    fewer.workers.removeLast(2)
    session.receive(fewer)
    #expect(!selectedLine(session).isEmpty)
    fewer.workers = []
    session.receive(fewer)
    #expect(selectedLine(session).isEmpty)
    session.press(.enter, .up, .down)
    #expect(session.state.mode == .list)
  }

  @Test func detailOfAWorkerThatLeft() {
    var session = Session()
    session.press(.enter)
    #expect(session.state.mode == .detail)
    var without = Fixture.shop(at: 2)
    without.workers.removeFirst()
    session.receive(without)
    #expect(session.screen.lines.contains { $0.contains("has left") })
    session.press(.escape)
    #expect(session.state.mode == .list)
  }

  @Test func longListsScroll() {
    var session = Session(80, 12, passes: 0)
    for pass in 0..<2 { session.receive(Fixture.healthy(workers: 64, at: UInt64(pass))) }
    session.press(.end)
    #expect(selectedLine(session).contains("4375"))
    session.press(.pageUp, .home)
    #expect(selectedLine(session).contains("4312"))
    session.press(.pageDown)
    session.send(.resize(Size(width: 80, height: 40)))
    #expect(!selectedLine(session).isEmpty)
  }

  @Test func intervalChanges() {
    var session = Session()
    session.press("+", "-", "-")
    #expect(session.effects == [.setInterval(2_000), .setInterval(1_000), .setInterval(500)])
    for _ in 0..<20 { session.press("-") }
    #expect(session.effects.last == .setInterval(100))
    #expect(session.state.interval == 100)
  }

  @Test(arguments: ["p" as Key, "Z", " "]) func pauseHoldsTheScreen(key: Key) {
    var session = Session()
    session.press(key)
    let held = session.screen
    session.receive(Fixture.shop(at: 5))
    #expect(session.screen == held)
    session.press(key)
    #expect(session.screen != held)
  }

  @Test func viewsByKey() {
    var session = Session()
    session.press("5")
    #expect(session.state.view == .failures)
    session.press(.tab)
    #expect(session.state.view == .verdicts)
    session.press(.tab)
    #expect(session.state.view == .tree)
    session.press(.tab)
    #expect(session.state.view == .workers)
    session.press(.backTab)
    #expect(session.state.view == .tree)
    session.press("1")
    #expect(session.state.view == .workers)
  }

  @Test func tracebackScrolls() {
    var session = Session(60, 12)
    session.press("5", .enter)
    var isSeen = false
    for _ in 0..<20 where !isSeen {
      session.press(.down, .down, .down)
      isSeen = session.screen.lines.contains { $0.contains("shop.py:15 close_cart") }
    }
    #expect(isSeen)
    session.press(.home)
    #expect(session.screen.lines.contains { $0.contains("shop.close_cart") })
  }

  @Test func enterAnswersSSHOnlyWhileItWantsAnAnswer() {
    var session = Session()
    session.send(.source(.needsAttention(since: 0)))
    for key in [Key.enter, "h", .enter, .escape] { session.press(key) }
    #expect(session.effects == [.answer, .answer])
    #expect(session.state.opened == nil)
    // What is typed is typed.
    session.press("/", "a", .enter)
    #expect(session.effects.count == 2)
    session.send(.source(.live))
    session.press(.enter)
    #expect(session.effects.count == 2 && session.state.opened != nil)
  }

  @Test func noKeyMeansTwoThings() {
    for subject in KeyBinding.Subject.allCases {
      for mode in Mode.allCases {
        let keys = KeyBinding.of(subject).filter { $0.modes.contains(mode) }.flatMap(\.keys)
        #expect(Set(keys).count == keys.count)
      }
    }
  }

  @Test func unknownKeysDoNothing() {
    var session = Session()
    let before = session.screen
    session.press("x", .function(12), .delete, "日", .resize)
    #expect(session.screen == before)
    #expect(session.effects.isEmpty)
  }
}
