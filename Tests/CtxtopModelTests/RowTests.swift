// The rows of units, contexts and holdings: their order, and what their columns say, also of what is not known.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopModel

/// The cells of a row, by the ids of the columns.
private func cells<Row>(_ table: Table<Row>, _ row: Row, _ ids: String...) -> [String] {
  ids.map { id in table.column(id).map { Format.screen($0.value(row)) } ?? "no column \(id)" }
}

@Suite("Unit rows")
struct UnitRowTests {
  private let model = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))

  @Test("What each thread is serving right now")
  func serving() {
    let rows = model.unitRows
    #expect(rows.count == 8 * 3 + 1)
    let ids = ("pid", "unit", "kind", "state", "request", "request_age", "depth_app", "reused", "native_id")
    func line(_ row: UnitRow) -> [String] {
      cells(.units, row, ids.0, ids.1, ids.2, ids.3, ids.4, ids.5, ids.6, ids.7, ids.8)
    }
    #expect(line(rows[1]) == ["4312", "1", "thread", "streaming", "GET /chat/<id>", "13s", "1", "0", "4401"])
    #expect(line(rows[3]) == ["4312", "3", "thread", "idle", "-", "-", "0", "0", "4403"])
    #expect(line(rows[7]) == ["4312", "7", "thread", "poisoned", "-", "-", "1", "42", "4407"])
  }

  @Test("Those that are gone come last in their worker")
  func gone() {
    let scene = Scene().with { $0.units[0].isGone = true }
    let rows = Model(now: scene.now, earlier: scene.earlier).unitRows
    #expect(rows.map(\.index) == [1, 0])
    #expect(rows.map(\.state) == [.idle, .gone])
  }

  @Test("Requests per second: of the same unit, wherever it stands, or not at all")
  func rate() {
    var scene = Scene().with { $0.units[1].requests = 40 }
    scene.now.workers[0].units[1].requests = 52
    func rate() -> Double? { Model(now: scene.now, earlier: scene.earlier).unitRows[1].requestsPerSecond }
    #expect(rate() == 12)
    scene.earlier.workers[0].units.swapAt(0, 1)
    #expect(rate() == 12)
    scene.earlier.workers[0].units[0].generation = 0
    #expect(rate() == nil)
    scene.earlier.workers[0].units[0].generation = 1
    scene.earlier.workers[0].units[0].requests = 60
    #expect(rate() == nil)
    #expect(Model(now: scene.now).unitRows[1].requestsPerSecond == nil)
    scene.earlier.workers[0].generation = 0
    #expect(rate() == nil)
  }

  @Test("What is not known is said to be so")
  func unknown() {
    var snapshot = Scene().now
    snapshot.workers[0].units = [Unit(id: 0, generation: 1)]
    let row = Model(now: snapshot).unitRows[0]
    #expect(
      cells(.units, row, "request", "request_age", "requests_per_second", "last_event_age", "native_id", "name")
        == ["-", "-", "-", "-", "-", "-"])
  }
}

@Suite("Context rows")
struct ContextRowTests {
  private func context(_ change: (inout Worker) -> Void) -> ContextRow {
    let scene = Scene().with(change)
    return Model(now: scene.now, earlier: scene.earlier).contextRows[0]
  }

  private func line(_ row: ContextRow) -> [String] { cells(.contexts, row, "state", "condition", "owner") }

  @Test("The oldest is first, and those of workers that are gone come last")
  func order() {
    let rows = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0)).contextRows
    #expect(rows.count == 1 + 6 + 16 + 2 + 2)
    #expect(
      cells(
        .contexts, rows[0], "pid", "unit", "kind", "place", "condition", "age", "owner", "requests_served", "request")
        == ["4312", "7", "app", "1", "leaked", "4m13s", "request ended 4m13s ago", "42", "GET /chat/<id>"])
    let ages = rows.dropLast(2).map(\.context.pushed)
    #expect(ages == ages.sorted())
    #expect(rows.suffix(2).map(\.worker.pid) == [4315, 4315])
    #expect(rows.suffix(2).map(\.ownerText) == ["worker died", "worker died"])
  }

  @Test("Slow is not leaked: its request is still served", arguments: [9, 11])
  func slow(seconds: UInt64) {
    let row = context {
      Fixture.serve(&$0.units[1], serial: 5, Fixture.chat, for: (seconds - 1) * 1_000_000_000)
    }
    let clock = seconds == 9 ? "00:00:09" : "00:00:11"
    #expect(line(row) == ["live", seconds == 9 ? "live" : "slow", "request running \(clock)"])
    #expect(row.state.rawValue == "live", "the states in JSON are a contract")
  }

  @Test("What became of whoever pushed it")
  func owners() {
    func pushed(by request: UInt64, _ change: @escaping (inout Worker) -> Void = { _ in }) -> [String] {
      line(
        context {
          $0.units[1].contexts = [Scene.context(request: request)]
          change(&$0)
        })
    }
    #expect(pushed(by: 9) == ["leaked", "leaked", "request ended"])
    #expect(pushed(by: 9) { $0.units[1].contexts[0].left = Fixture.monotonicTime }[2] == "request ended 1s ago")
    #expect(pushed(by: 0) == ["live", "live", "no request"])
    #expect(pushed(by: 0) { $0.units[1].isGone = true } == ["leaked", "leaked", "thread gone"])
    #expect(pushed(by: 9) { $0.units[1].contexts[0].isPreserved = true }[0] == "preserved")
    #expect(
      pushed(by: 9) {
        $0.units[0].request = Request(serial: 9, label: Fixture.cart, started: Fixture.monotonicTime)
      } == ["live", "live", "request running 00:00:01"], "another thread serves it")
    #expect(
      pushed(by: 9) {
        $0.units[1].request = Request(serial: 12, label: Fixture.cart, started: Fixture.monotonicTime)
        $0.units[1].outermostRequest = 9
      } == ["live", "slow", "request running"], "another request began inside of it")
    #expect(pushed(by: 9) { $0.liveness = .exited }[2] == "worker ended")
  }

  @Test("How much was taken in it and is still out")
  func holds() {
    let row = context {
      $0.units[1].contexts = [Scene.context(request: 0)]
      let holder = Holder(unit: 1, unitGeneration: 1, request: 0, context: 77, label: nil, frame: "")
      $0.connections = [Fixture.idle(0), Fixture.idle(1)]
      $0.connections[0].state = .checkedOut
      $0.connections[0].holder = holder
      $0.resources = [Resource(id: 2, generation: 1), Resource(id: 3, generation: 1)]
      for index in 0..<2 { $0.resources[index].holder = holder }
      $0.resources[1].state = .waiting
      $0.sessions = [Session(id: 4, generation: 1)]
      $0.sessions[0].holder = holder
      $0.sessions[0].hasEnded = true
    }
    #expect(cells(.contexts, row, "holds") == ["2"])
  }
}

@Suite("Rows of what is held")
struct HoldingRowTests {
  @Test("What is out first, the oldest at the top; then what died with its worker; then what is in its pool")
  func order() {
    let rows = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0)).holdingRows
    #expect(rows.map(\.worker.pid) == [4312, 4312, 4312, 4313, 4313, 4315, 4312, 4312, 4314])
    #expect(rows.map(\.state.name).prefix(4) == ["leaked", "leaked", "leaked", "checked_out"])
    #expect(rows.suffix(3).allSatisfy { !$0.isOut })
    let ages = rows.prefix(5).map(\.since)
    #expect(ages == ages.sorted())
    #expect(
      cells(
        .connections, rows[0], "kind", "state", "age", "unit", "request", "frame", "context", "pool", "backend_pid",
        "engine", "name", "work", "inherited_by")
        == [
          "connection", "leaked", "4m13s", "3", "GET /chat/<id>", "shop.py:44 chat", "500", "5+0", "7000",
          "postgresql://app@db/shop", "-", "-", "-",
        ])
  }

  @Test("Sessions and locks stand beside the connections")
  func others() {
    let scene = Scene().with {
      $0.sessions = [
        OrphanSessionTests.session {
          $0.isInTransaction = true
          $0.heirRequest = 12
          $0.heir = Fixture.cart
        }, OrphanSessionTests.session { $0.id = 4 }, OrphanSessionTests.session { $0.hasEnded = true },
      ]
      $0.resources = [Resource(id: 9, generation: 2)]
      $0.resources[0].kind = "lock"
      $0.resources[0].name = "report"
      $0.resources[0].since = 1
      $0.resources[0].state = .waiting
    }
    let lines = Model(now: scene.now, earlier: scene.earlier).holdingRows.map {
      cells(.connections, $0, "kind", "id", "state", "name", "work", "inherited_by", "pool", "opened_age")
    }
    #expect(
      lines == [
        ["lock", "9", "waiting", "report", "-", "-", "-", "-"],
        ["session", "3", "inherited", "app context", "transaction", "GET /cart/<int:id>", "-", "-"],
        ["session", "4", "orphan", "app context", "none", "-", "-", "-"],
        ["session", "3", "ended", "app context", "none", "-", "-", "-"],
      ])
  }

  @Test("Nothing is made up about a connection without engine, holder or time")
  func unknown() {
    let scene = Scene().with {
      $0.connections = [Connection(id: 0, generation: 1)]
      $0.connections[0].engine = 7
    }
    let row = Model(now: scene.now).holdingRows[0]
    #expect(
      cells(.connections, row, "age", "unit", "request", "frame", "context", "pool", "engine", "opened_age")
        == ["-", "-", "-", "-", "-", "-", "-", "-"])
  }

  @Test("A pool as it is configured")
  func pool() {
    #expect(Engine(url: "", poolSize: 5, overflow: 10).poolText == "5+10")
    #expect(Engine(url: "", poolSize: 5, overflow: -1).poolText == "5+any")
    #expect(Engine(url: "", poolSize: 5).poolText == "5")
    #expect(Engine(url: "").poolText == nil)
  }
}
