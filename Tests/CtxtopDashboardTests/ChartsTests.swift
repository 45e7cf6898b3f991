import CtxtopDashboard
import CtxtopScreen
import CtxtopSettings
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// The graphs, and what of them is in the header.
@Suite struct ChartsTests {
  /// A service whose requests come and go in waves.
  private static func wave(at pass: UInt64) -> Snapshot {
    var snapshot = Fixture.shop(at: pass)
    for index in 0..<3 { snapshot.workers[index].counters.requests += pass * (pass % 20) }
    return snapshot
  }

  private func session(_ width: Int, _ height: Int, passes: UInt64, look: Look = Look()) -> Session {
    var session = Session(width, height, look: look, passes: 0)
    session.send(.source(.live))
    for pass in 0..<passes { session.receive(Self.wave(at: pass)) }
    return session
  }

  @Test(arguments: [(80, 24), (120, 40), (200, 60), (40, 10)]) func graphs(width: Int, height: Int) {
    var session = session(width, height, passes: 90)
    session.press("g")
    expectScreen(session.screen, named: "graphs-\(width)x\(height)")
  }

  @Test func graphsInASCII() {
    var session = session(80, 24, passes: 30, look: Look(theme: .monochrome, shapes: .ascii))
    session.press("g")
    let isASCII = session.screen.lines.joined().unicodeScalars.allSatisfy { $0.isASCII }
    #expect(isASCII)
  }

  @Test func tenMinutesFit() {
    var session = session(120, 40, passes: 620)
    session.press("g")
    #expect(session.screen.lines.contains { $0.contains("10m ago") })
    #expect(session.screen.lines.contains { $0.contains("keeps 10m at 1.0s, has 10m") || $0.contains("has 9m") })
  }

  @Test func allNumbersAreReached() {
    var session = session(40, 10, passes: 3)
    session.press("g")
    var seen = ""
    for _ in 0..<80 {
      seen += session.screen.lines.joined(separator: "\n")
      session.press(.down)
    }
    for number in ServiceNumber.allCases { #expect(seen.contains(number.label.title), "\(number)") }
  }

  @Test(arguments: [(80, 24), (120, 40), (200, 60), (40, 10)]) func header(width: Int, height: Int) {
    let lines = session(width, height, passes: 30).screen.lines.prefix(6).joined(separator: "\n")
    for text in width >= 80 ? ["p50", "p99", "flight", "leaked", "reused", "conn", "td fail", "+4 more"] : ["p99"] {
      #expect(lines.contains(text) || (text == "td fail" && lines.contains("teardown failures")), "\(text)\n\(lines)")
    }
  }

  @Test func nothingInTheHeaderMoves() {
    // Where each name stands, however great the numbers become.
    func places(_ session: Session) -> [Int] {
      let names = ["req/s", "p50", "p99", "flight", "err", "leaked", "reused", "conn", "td fail"]
      return names.map { name in
        for line in session.screen.lines[1...2] {
          if let found = line.firstRange(of: name) {
            return line.distance(from: line.startIndex, to: found.lowerBound)
          }
        }
        return -1
      }
    }
    var session = session(80, 24, passes: 2)
    let before = places(session)
    var grown = Self.wave(at: 2)
    grown.workers[0].counters.requests += 50_000
    grown.workers[0].counters.exceptions += 500
    grown.workers[0].counters.teardownFailures += 800
    grown.workers[0].counters.contextsReused += 9_000
    for index in 0..<2 { grown.workers[2].units[index].request = Request(serial: 5, label: Fixture.cart, started: 1) }
    session.receive(grown)
    #expect(places(session) == before)
    #expect(before.allSatisfy { $0 >= 0 })
  }

  @Test func aLimitThatIsNearHasASignAndAColour() {
    func flight(_ meters: MeterThresholds) -> (String, Style) {
      var settings = Settings()
      settings.meters = meters
      var state = State(size: Size(width: 120, height: 40), look: Look(), settings: settings)
      for pass in 0..<2 as Range<UInt64> {
        _ = update(&state, .tick((pass + 1) * 1_000_000_000))
        _ = update(&state, .snapshot(Fixture.shop(at: pass)))
      }
      let screen = view(state)
      let line = screen.lines[1]
      let bracket = line.firstIndex(of: "]").map { line.distance(from: line.startIndex, to: $0) } ?? 0
      return (screen.lines[1], screen[bracket + 1, 1].style)
    }
    func meters(_ warning: Double = 0.7, _ critical: Double = 0.9) -> MeterThresholds {
      var meters = Settings().meters
      (meters.warning, meters.critical) = (warning, critical)
      return meters
    }
    // 12 of 24 are in flight.
    #expect(flight(meters()).0.contains("] "))
    #expect(flight(meters(0.4, 0.9)).0.contains("]▲"))
    #expect(flight(meters(0.4, 0.9)).1 == Theme.color[.warning])
    #expect(flight(meters(0.1, 0.5)).0.contains("]✗"))
    #expect(flight(meters(0.1, 0.5)).1 == Theme.color[.critical])
  }

  @Test func anAgeChangesOnlyWhenTheMinuteDoes() {
    var session = session(120, 40, passes: 2)
    let before = session.screen.lines[3]
    #expect(before.contains("4m ago"))
    var later = Fixture.shop(at: 1)
    later.monotonicTime += 3_000_000_000
    later.wallTime += 3_000_000_000
    for index in later.workers.indices { later.workers[index].heartbeat += 3_000_000_000 }
    session.receive(later)
    #expect(session.screen.lines[3] == before)
  }
}
