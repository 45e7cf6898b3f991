import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// Every size, every view: nothing traps, and no wide character is halved.
@Suite struct SweepTests {
  private static let sessions: [[Key]] = [
    [], ["2"], ["3"], ["4"], ["5"], ["6"], ["t", "*", "*"], [.enter], ["5", .enter], ["6", .enter], ["h", .end], ["g"],
    ["s"], ["C"], ["/", "a"], ["\\", "a"], ["K"],
  ]

  @Test(arguments: sessions.indices) func everySize(index: Int) {
    var session = Session(80, 24, passes: 0)
    session.send(.source(.live))
    for pass in 0..<2 { session.receive(Self.strange(at: UInt64(pass))) }
    for key in Self.sessions[index] { session.press(key) }
    for height in Array(1...6) + [8, 9, 10, 20, 24, 60] {
      for width in [1, 2, 3, 5, 8, 20, 21, 39, 40, 41, 60, 80, 110, 200] {
        session.send(.resize(Size(width: width, height: height)))
        session.press(.down, .pageDown, .up)
        let screen = session.screen
        #expect(screen.size == Size(width: width, height: height))
        #expect(screen.isConsistent, "\(width)x\(height)")
      }
    }
  }

  @Test func noSizeAtAll() {
    let session = Session(0, 0)
    #expect(session.screen.lines.isEmpty)
  }

  /// The shop, with names that no terminal should have to see.
  private static func strange(at pass: UInt64) -> Snapshot {
    var snapshot = Fixture.shop(at: pass)
    snapshot.service = "日本語\u{1B}[2J\u{301}👩‍👩‍👧"
    snapshot.workers[0].server.kind = String(repeating: "日", count: 100)
    snapshot.workers[0].failures[0].function = String(repeating: "関数", count: 40)
    snapshot.workers[0].failures[0].message = "\n\t\u{7}\u{202E}"
    snapshot.workers[1].units[0].request?.label.rule = String(repeating: "한", count: 50)
    snapshot.workers[2].counters.requests = .max
    snapshot.workers[2].started = .max
    snapshot.workers[2].kernel?.residentBytes = .max
    snapshot.workers[3].connections[0].since = .max
    return snapshot
  }
}

extension Cell {
  /// What stands in it; nothing in the second cell of a wide character.
  var text: String { width == 0 ? "" : String(String.UnicodeScalarView(scalars)) }
}

extension Buffer {
  /// Whether every wide character has its second cell, and every second cell its character.
  var isConsistent: Bool {
    (0..<size.height).allSatisfy { y in
      (0..<size.width).allSatisfy { x in
        switch self[x, y].width {
        case 0: x > 0 && self[x - 1, y].width == 2
        case 2: x + 1 < size.width && self[x + 1, y].width == 0
        default: true
        }
      }
    }
  }
}
