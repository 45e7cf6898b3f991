import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// Whole screens, as an operator sees them.
@Suite struct ScreenTests {
  static let sizes = [(80, 24), (120, 40)]

  @Test(arguments: sizes) func workers(width: Int, height: Int) {
    expectScreen(Session(width, height).screen, named: "workers-\(width)x\(height)")
  }

  @Test(arguments: sizes) func failures(width: Int, height: Int) {
    var session = Session(width, height)
    session.press("5")
    expectScreen(session.screen, named: "failures-\(width)x\(height)")
  }

  @Test(arguments: sizes) func verdicts(width: Int, height: Int) {
    var session = Session(width, height)
    session.press("6")
    expectScreen(session.screen, named: "verdicts-\(width)x\(height)")
  }

  @Test(arguments: sizes) func workerDetail(width: Int, height: Int) {
    var session = Session(width, height)
    session.press(.enter)
    expectScreen(session.screen, named: "worker-detail-\(width)x\(height)")
  }

  @Test(arguments: sizes) func failureDetail(width: Int, height: Int) {
    var session = Session(width, height)
    session.press("5", .enter)
    expectScreen(session.screen, named: "failure-detail-\(width)x\(height)")
  }

  @Test(arguments: sizes) func verdictDetail(width: Int, height: Int) {
    var session = Session(width, height)
    session.press("6", .enter)
    expectScreen(session.screen, named: "verdict-detail-\(width)x\(height)")
  }

  @Test(arguments: sizes) func help(width: Int, height: Int) {
    var session = Session(width, height)
    session.press("?")
    expectScreen(session.screen, named: "help-\(width)x\(height)")
  }

  @Test func sshWantsAnAnswer() {
    var session = Session()
    session.send(.source(.needsAttention(since: 2_000_000_000)))
    session.wait(7)
    let lines = session.screen.lines
    #expect(lines[0].contains("ssh wants an answer: Enter"))
    #expect(lines[23].contains("Enter Answer ssh"))
  }

  @Test func reconnecting() {
    var session = Session()
    session.send(.source(.reconnecting(since: 2_000_000_000)))
    session.wait(7)
    expectScreen(session.screen, named: "reconnecting-80x24")
  }

  @Test func paused() {
    var session = Session()
    session.press("p")
    for pass in 2..<4 { session.receive(Fixture.shop(at: UInt64(pass))) }
    expectScreen(session.screen, named: "paused-80x24")
  }

  @Test func stale() {
    var session = Session()
    session.wait(12)
    expectScreen(session.screen, named: "stale-80x24")
  }

  @Test func connecting() {
    expectScreen(Session(passes: 0).screen, named: "connecting-80x24")
  }

  @Test func firstSnapshotHasNoRates() {
    expectScreen(Session(passes: 1).screen, named: "first-snapshot-80x24")
  }

  @Test func healthy() {
    var session = Session(passes: 0)
    session.send(.source(.live))
    for pass in 0..<3 { session.receive(Fixture.healthy(at: UInt64(pass))) }
    expectScreen(session.screen, named: "healthy-80x24")
  }

  @Test(arguments: [(20, 2), (40, 10), (60, 6)]) func tiny(width: Int, height: Int) {
    expectScreen(Session(width, height).screen, named: "workers-\(width)x\(height)")
  }

  @Test func ascii() {
    let screen = Session(look: Look(theme: .monochrome, shapes: .ascii)).screen
    let isASCII = screen.lines.joined().unicodeScalars.allSatisfy { $0.isASCII }
    #expect(isASCII)
    expectScreen(screen, named: "workers-ascii-80x24")
  }

  @Test(arguments: [("color", Theme.color), ("monochrome", Theme.monochrome)])
  func styles(name: String, theme: Theme) {
    let screen = Session(look: Look(theme: theme, shapes: .unicode)).screen
    expectStyles(screen, theme: theme, named: "workers-styles-\(name)-80x24")
  }
}
