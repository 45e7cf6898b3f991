// The states of a unit, each from the facts that make it.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("State of a unit")
struct UnitStateTests {
  @Test("Each state, and its place in the order", arguments: UnitStateTests.cases)
  func state(expected: UnitState, change: @Sendable (inout Unit) -> Void) {
    let scene = Scene().with { change(&$0.units[1]) }
    let model = Model(now: scene.now, earlier: scene.earlier)
    #expect(model.conditions[0].state(ofUnit: 1, in: scene.now.workers[0]) == expected)
    #expect(model.conditions[0].state(ofUnit: 0, in: scene.now.workers[0]) == .idle)
  }

  private static func leave(_ unit: inout Unit) {
    unit.contexts = [Scene.context(request: 9)]
    unit.contexts[0].left = 5
  }

  private static func reuse(_ unit: inout Unit) {
    leave(&unit)
    unit.reused = 2
    unit.contexts[0].served = 2
  }

  private static func serve(_ unit: inout Unit) {
    unit.request = Request(serial: 20, label: Fixture.cart, started: 1)
  }

  static let cases: [(UnitState, @Sendable (inout Unit) -> Void)] = [
    (.idle, { _ in }),
    (.idle, { $0.kind = .greenlet }),
    (.inRequest, { serve(&$0) }),
    (
      .streaming,
      {
        serve(&$0)
        $0.request?.isStreaming = true
      }
    ),
    (.job, { $0.contexts = [Scene.context(request: 0)] }),
    (
      .job,
      {
        $0.kind = .task
        $0.contexts = [Scene.context(request: 0)]
      }
    ),
    (
      .inRequest,
      {
        serve(&$0)
        $0.contexts = [Scene.context(request: 0)]
      }
    ),
    (
      .preserved,
      {
        $0.contexts = [Scene.context(request: 9)]
        $0.contexts[0].isPreserved = true
      }
    ),
    (.leaked, { leave(&$0) }),
    (
      .leaked,
      {
        leave(&$0)
        serve(&$0)
      }
    ),
    (.poisoned, { reuse(&$0) }),
    (
      .poisoned,
      {
        reuse(&$0)
        serve(&$0)
      }
    ),
    (
      .gone,
      {
        reuse(&$0)
        $0.isGone = true
      }
    ),
  ]

  @Test(
    "A worker of greenlets has room for another, however many serve", arguments: [UnitKind.thread, .greenlet, .task])
  func room(kind: UnitKind) {
    let scene = Scene().with {
      $0.server.threads = nil
      for index in $0.units.indices {
        $0.units[index].kind = kind
        $0.units[index].request = Request(serial: 20, label: Fixture.cart, started: 1)
      }
    }
    let expected: WorkerState = kind == .thread ? .busy : .ok
    #expect(Model(now: scene.now, earlier: scene.earlier).conditions[0].state == expected)
  }
}
