// The whole model of the fixture shop: states, totals, rows, and what is printed of it.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Model")
struct ModelTests {
  private let model = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0))

  @Test("The shop's verdicts, worst first; one is about the worker that died")
  func verdicts() {
    #expect(model.verdicts.map(\.code.rawValue) == ["CTX001", "CTX002", "CTX004", "CTX009", "CTX003"])
    #expect(model.verdicts.allSatisfy { $0.pid == ($0.code == .diedHolding ? 4315 : 4312) })
  }

  @Test("A healthy service has none, however busy", arguments: [1, 8])
  func healthy(units: Int) {
    let model = Model(now: Fixture.healthy(units: units, at: 1), earlier: Fixture.healthy(units: units))
    #expect(model.verdicts.isEmpty)
    #expect(model.conditions.allSatisfy { $0.state.level == .good })
  }

  @Test("States of the shop's workers, units and connections")
  func states() {
    #expect(model.conditions.map(\.state) == [.leaking, .busy, .ok, .dead])
    let worker = model.now.workers[0]
    let condition = model.conditions[0]
    #expect(condition.state(ofUnit: 0, in: worker) == .inRequest)
    #expect(condition.state(ofUnit: 1, in: worker) == .streaming)
    #expect(condition.state(ofUnit: 3, in: worker) == .idle)
    #expect(condition.state(ofUnit: 7, in: worker) == .poisoned)
    #expect(condition.state(ofContext: 0, onUnit: 7, in: worker) == .leaked)
    #expect(condition.state(ofContext: 0, onUnit: 0, in: worker) == .live)
    #expect(condition.state(ofConnection: 0, in: worker) == .leaked)
    #expect(condition.state(ofConnection: 4, in: worker) == .idle)
  }

  @Test("The summary")
  func totals() {
    let totals = model.totals
    #expect(totals.workers == 3)
    #expect(totals.inFlight == 3 + 8 + 1)
    #expect(totals.capacity == 24)
    #expect(totals.contextsLive == 7 + 16 + 2)
    #expect(totals.contextsLeaked == 1)
    #expect(totals.contextsReused == 42)
    #expect(totals.connectionsCheckedOut == 5)
    #expect(totals.connectionsLeaked == 3)
    #expect(totals.connectionsLimit == 15)
    #expect(totals.oldestCheckout == 253_000_000_000)
    #expect(totals.teardownFailures == 3)
  }

  @Test("Rows as the screen shows them")
  func rows() {
    let columns = [
      "pid", "state", "requests_per_second", "in_flight", "depth_app", "depth_request", "contexts_leaked",
      "connections_checked_out", "teardown_failures", "latency_p99", "now",
    ].compactMap(Table<WorkerRow>.workers.column)
    let cells = model.workerRows.map { row in
      columns.map { Format.screen($0.value(row)) }.joined(separator: " ")
    }
    #expect(
      cells == [
        "4312 leaking 103 3/8 4 3 1 3/5 3 243ms GET /chat/<id> 00:00:13",
        "4313 busy 98.0 8/8 8 8 0 2/5 0 243ms GET /cart/<int:id> 00:00:02",
        "4314 ok 95.0 1/8 1 1 0 0/5 0 243ms GET /cart/<int:id> 00:00:00",
        "4315 dead 0 1/8 1 1 0 1/5 0 - GET /chat/<id> 00:01:02",
      ])
    #expect(model.failureRows.count == 1)
    #expect(model.verdictRows.count == 5)
  }

  @Test("A judgement for the JSON encoder: one entry for each worker, unit, context and connection")
  func judgement() {
    let judgement = model.judgement
    #expect(judgement.workers.map(\.state) == ["leaking", "busy", "ok", "dead"])
    #expect(judgement.verdicts.count == 5)
    for (worker, judged) in zip(model.now.workers, judgement.workers) {
      #expect(judged.units.count == worker.units.count)
      #expect(judged.connections.count == worker.connections.count)
      #expect(judged.contexts.map(\.count) == worker.units.map(\.contexts.count))
    }
  }
}

@Suite("State of a worker")
struct WorkerStateTests {
  @Test("Each state, and its place in the order", arguments: WorkerStateTests.cases)
  func state(expected: WorkerState, change: @Sendable (inout Worker) -> Void) {
    let scene = Scene().with(change)
    #expect(Model(now: scene.now, earlier: scene.earlier).conditions[0].state == expected)
  }

  private static func silent(_ worker: inout Worker) {
    worker.heartbeat = Fixture.monotonicTime - 1_000_000_000
    worker.attached = 0
  }

  static let cases: [(WorkerState, @Sendable (inout Worker) -> Void)] = [
    (.ok, { _ in }),
    (.draining, { $0.draining = Fixture.monotonicTime }),
    (
      .dead,
      {
        $0.draining = Fixture.monotonicTime
        $0.liveness = .dead
      }
    ),
    (.dead, { $0.liveness = .dead }),
    (.exited, { $0.liveness = .exited }),
    (.stopped, { $0.kernel?.state = UInt8(ascii: "T") }),
    (.stopped, { $0.kernel?.state = UInt8(ascii: "t") }),
    (
      .dead,
      {
        $0.liveness = .dead
        $0.kernel?.state = UInt8(ascii: "T")
      }
    ),
    (.stale, { silent(&$0) }),
    (
      .unknown,
      {
        silent(&$0)
        $0.liveness = .unknown
      }
    ),
    (.ok, { $0.liveness = .unknown }),
    (
      .leaking,
      {
        $0.units[1].contexts = [Scene.context(request: 9)]
        $0.units[1].contexts[0].left = 5
      }
    ),
    (
      .stopped,
      {
        $0.units[1].contexts = [Scene.context(request: 9)]
        $0.units[1].contexts[0].left = 5
        $0.kernel?.state = UInt8(ascii: "T")
      }
    ),
    (
      .busy,
      {
        $0.server.threads = 2
        for unit in 0..<2 { Fixture.serve(&$0.units[unit], serial: UInt64(5 + unit), Fixture.cart, for: 1) }
      }
    ),
    (
      .busy,
      {
        $0.server = Server(kind: "gunicorn", model: "sync")
        Fixture.serve(&$0.units[0], serial: 5, Fixture.cart, for: 1)
      }
    ),
    (
      .ok,
      {
        $0.server = Server()
        Fixture.serve(&$0.units[0], serial: 5, Fixture.cart, for: 1)
      }
    ),
  ]
}
