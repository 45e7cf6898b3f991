import CtxtopDashboard
import CtxtopScreen
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// Servers of any size with any names, in any order of time: every view is drawn, and soon.
@Suite struct ExtremeTests {
  private static let views: [Key] = ["1", "2", "3", "4", "5", "6", "t"]

  /// Walks through every view, opens what is selected, sorts and filters.
  private func walk(_ session: inout Session) {
    for view in Self.views {
      session.press(view, .end, .home, .down)
      if view == "t" { session.press("*", .end, "*") }
      _ = session.screen
      session.press(.enter)
      _ = session.screen
      session.press(.end, .enter)
      _ = session.screen
      session.press(.escape, .escape, ">", "I", "\\", "a", "b", .enter)
      _ = session.screen
      session.press(.escape, "/", "c", .enter, "n", "N")
      _ = session.screen
    }
    for size in [Size(width: 1, height: 1), Size(width: 0, height: 5), Size(width: 400, height: 120)] {
      session.send(.resize(size))
      #expect(session.screen.size == size)
    }
  }

  private func walk(_ snapshots: Snapshot..., within limit: Duration = .seconds(20)) {
    var session = Session(100, 30, passes: 0)
    let clock = ContinuousClock()
    let time = clock.measure {
      for snapshot in snapshots {
        session.receive(snapshot)
        walk(&session)
        session.send(.resize(Size(width: 100, height: 30)))
      }
    }
    #expect(time < limit)
  }

  @Test func noWorkers() { walk(Fixture.service("empty", at: 0), Fixture.service("empty", at: 1)) }

  @Test func hundredsOfWorkers() {
    walk(Fixture.healthy(workers: 300, units: 2, at: 0), Fixture.healthy(workers: 300, units: 2, at: 1))
  }

  @Test func hundredsOfContextsOnAStack() {
    func snapshot(_ pass: UInt64) -> Snapshot {
      var snapshot = Fixture.healthy(workers: 1, units: 1, at: pass)
      for serial in 0..<300 {
        var context = Context(serial: 100_000 + UInt64(serial), kind: .app)
        context.pushed = snapshot.monotonicTime - 5_000_000_000
        context.left = context.pushed
        snapshot.workers[0].units[0].contexts.append(context)
        snapshot.workers[0].units[0].appDepth += 1
      }
      for index in 0..<50 {
        snapshot.workers[0].connections.append(
          Fixture.held(
            10 + index, unit: 0, request: 1, context: 100_000 + UInt64(index), Fixture.chat, frame: "shop.py:1 chat",
            since: snapshot.monotonicTime - 4_000_000_000))
      }
      return snapshot
    }
    walk(snapshot(0), snapshot(1))
  }

  @Test func hostileNames() {
    let names = [
      "\u{1B}[2J\u{1B}]52;c;AAAA\u{7}", "\u{202E}evil\u{2066}", String(repeating: "日本", count: 2_500),
      String(repeating: "e\u{301}\u{302}", count: 2_000), "👩‍👩‍👧‍👦🏳️‍🌈", "\0\r\n\t\u{9B}31m",
      String(repeating: "\u{301}", count: 5_000),
    ]
    for name in names {
      var snapshots: [Snapshot] = []
      for pass in 0..<2 {
        var snapshot = Fixture.shop(at: UInt64(pass))
        snapshot.service = name
        snapshot.host = name
        for index in snapshot.workers.indices { Self.rename(&snapshot.workers[index], name) }
        snapshots.append(snapshot)
      }
      var session = Session(120, 40, passes: 0)
      snapshots.forEach { session.receive($0) }
      for view in Self.views {
        session.press(view)
        check(session.screen)
        session.press(.enter)
        check(session.screen)
        session.press(.escape)
      }
    }
  }

  private func check(_ screen: Buffer) {
    for line in screen.lines {
      #expect(line.unicodeScalars.allSatisfy { !Self.isUnsafe($0) }, "\(line.debugDescription)")
      #expect(DisplayWidth.of(line) <= screen.size.width)
    }
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  private static func rename(_ worker: inout Worker, _ name: String) {
    worker.server.kind = name
    worker.server.model = name
    worker.runtime.flask = name
    worker.runtime.python = name
    for unit in worker.units.indices {
      worker.units[unit].name = name
      worker.units[unit].request?.label.rule = name
      worker.units[unit].request?.label.method = name
      for context in worker.units[unit].contexts.indices {
        worker.units[unit].contexts[context].frame = name
        worker.units[unit].contexts[context].label?.rule = name
      }
    }
    for connection in worker.connections.indices { worker.connections[connection].holder?.frame = name }
    for engine in worker.engines.indices { worker.engines[engine].url = name }
    for failure in worker.failures.indices {
      worker.failures[failure].function = name
      worker.failures[failure].exception = name
      worker.failures[failure].message = name
      worker.failures[failure].location = name
      worker.failures[failure].traceback = name
      worker.failures[failure].skipped = [name]
    }
  }

  @Test func countersAndClocksThatGoBackwards() {
    var session = Session(120, 40)
    var earlier = Fixture.shop(at: 0)
    earlier.workers[0].counters.requests = 5
    earlier.workers[0].counters.contextsReused = 0
    earlier.workers[0].kernel?.cpuTime = 1
    earlier.wallTime = 0
    session.send(.tick(0))
    session.receive(earlier)
    walk(&session)
    var same = Fixture.shop(at: 0)
    same.monotonicTime += 1
    session.receive(same)
    walk(&session)
    var zero = Fixture.shop(at: 5)
    zero.monotonicTime = 0
    session.receive(zero)
    walk(&session)
    session.send(.resize(Size(width: 120, height: 40)))
    #expect(!session.screen.lines.joined().contains("-1"))
  }
}
