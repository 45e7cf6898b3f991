// A recording as an operator sees it. See GoldenTests.swift for how to record.

import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite struct ReplayScreenTests {
  private static let sizes = [(40, 10), (80, 24), (120, 40)].map { Size(width: $0, height: $1) }

  @Test(arguments: sizes) func shown(_ size: Size) {
    let session = ReplaySession(size.width, size.height, at: 20)
    expectScreen(session.screen, named: "replay-\(size.width)x\(size.height)")
  }

  @Test func ascii() {
    let session = ReplaySession(look: GoldenTests.ascii, at: 20)
    expectScreen(session.screen, named: "replay-ascii-80x24")
  }

  @Test(arguments: ["default", "monochrome"]) func styles(_ name: String) {
    let theme: Theme = name == "default" ? .color : .monochrome
    let session = ReplaySession(look: Look(theme: theme), at: 20)
    expectStyles(session.screen, theme: theme, named: "replay-styles-\(name)-80x24")
  }

  @Test func help() { expectScreen(pressed("h").screen, named: "replay-help-120x40") }

  @Test func graphs() { expectScreen(pressed("g").screen, named: "replay-graphs-120x40") }

  private func pressed(_ key: Key) -> ReplaySession {
    var session = ReplaySession(120, 40, at: 50)
    session.press(key)
    return session
  }

  /// What is on the screen after each key.
  @Test func aSession() {
    var session = ReplaySession(80, 20)
    var text = "=== start\n" + session.text + "\n"
    for key in ["t", "]", "]", "p", "+", "p", "Z", "[", "b", "r", "K"] as [Key] {
      session.press(key)
      if key == "b" {
        session.type("09:03:30")
        text += "=== typed: 09:03:30\n" + session.text + "\n"
        session.press(.enter)
      }
      if key == "p" || key == "+" { session.wait(milliseconds: 700) }
      session.catchUp()
      text += "=== \(key.name)\n" + session.text + "\n"
    }
    expectText(text, named: "script-replay")
  }

  @Test func recordingIsShown() {
    var session = Session(120, 24)
    session.press("r")
    #expect(session.effects.last == .startRecording)
    session.send(.recorded(SavedRecords(count: 1_340, bytes: 1_240_000)))
    expectScreen(session.screen, named: "recording-120x24")
    session.press("r")
    #expect(session.effects.last == .stopRecording)
    session.send(.recorded(nil))
    #expect(!session.screen.lines[0].contains("rec"))
  }
}
