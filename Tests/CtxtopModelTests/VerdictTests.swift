// The verdicts, each with what must raise it and what must not. A scene is one unit of one worker, in two
// passes a second apart.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

/// One worker with two threads; each change is made to both passes.
struct Scene {
  var earlier: Snapshot
  var now: Snapshot

  init() {
    earlier = Self.pass(0)
    now = Self.pass(1)
  }

  private static func pass(_ pass: UInt64) -> Snapshot {
    var snapshot = Fixture.service("shop", at: pass)
    var worker = Fixture.base(slot: 0, pid: 4312, at: pass)
    worker.units = [Fixture.thread(0, at: pass), Fixture.thread(1, at: pass)]
    snapshot.workers = [worker]
    return snapshot
  }

  /// The scene after a change to the worker in both passes.
  func with(_ change: (inout Worker) -> Void) -> Scene {
    var scene = self
    change(&scene.earlier.workers[0])
    change(&scene.now.workers[0])
    return scene
  }

  var codes: [String] { judge(now, confirming: earlier).map(\.code.rawValue) }
  var codesOfOnePass: [String] { judge(now, confirming: nil).map(\.code.rawValue) }

  static func context(request: UInt64, kind: ContextKind = .app) -> Context {
    var context = Context(serial: 77, kind: kind)
    context.pushed = Fixture.monotonicTime - 60_000_000_000
    context.request = request
    context.label = request == 0 ? nil : Fixture.chat
    return context
  }
}

@Suite("CTX001 context left behind")
struct LeftContextTests {
  @Test("Its request is closed and nothing runs")
  func closed() {
    let scene = Scene().with { $0.units[1].contexts = [Scene.context(request: 9)] }
    #expect(scene.codes == ["CTX001"])
    #expect(scene.codesOfOnePass == [])
  }

  @Test("Its unit serves another request")
  func another() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].request = Request(serial: 10, label: Fixture.cart, started: 1)
    }
    #expect(scene.codes == ["CTX001"])
  }

  @Test("The agent found it: one pass is enough")
  func foundByAgent() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].contexts[0].left = 5
    }
    #expect(scene.codesOfOnePass == ["CTX001"])
  }

  @Test("Its unit is gone", arguments: [0, 9])
  func unitGone(request: UInt64) {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: request)]
      $0.units[1].isGone = true
    }
    #expect(scene.codes == ["CTX001"])
    #expect(scene.codesOfOnePass == [])
  }

  @Test("A job's context on which a request ran")
  func jobLeft() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 0)]
      $0.units[1].contexts[0].served = 2
    }
    #expect(scene.codes == ["CTX001"])
  }

  @Test("Slow is not leaked: the request is open, for an hour")
  func slow() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9), Scene.context(request: 9, kind: .request)]
      $0.units[1].request = Request(serial: 9, label: Fixture.chat, started: 1)
    }
    #expect(scene.codes == [])
  }

  @Test("Streaming is not leaked")
  func streaming() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].request = Request(serial: 9, label: Fixture.chat, started: 1, isStreaming: true)
    }
    #expect(scene.codes == [])
  }

  @Test("Pushed on another thread than the one that serves its request")
  func otherThread() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[0].request = Request(serial: 9, label: Fixture.chat, started: 1)
    }
    #expect(scene.codes == [])
  }

  @Test("An outer request waits for one inside of it", arguments: [0, 9])
  func outer(outermost: UInt64) {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].request = Request(serial: 14, label: Fixture.chat, started: 1)
      $0.units[1].outermostRequest = outermost
    }
    #expect(scene.codes == (outermost == 0 ? ["CTX001"] : []))
  }

  @Test("A job is not leaked, on a thread that has served requests before")
  func job() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 0)]
      $0.units[1].latestRequest = 8
    }
    #expect(scene.codes == [])
  }

  @Test("Preserved is not leaked")
  func preserved() {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].contexts[0].isPreserved = true
    }
    #expect(scene.codes == [])
  }

  @Test("Seen in the later pass only")
  func onePassOnly() {
    var scene = Scene()
    scene.now.workers[0].units[1].contexts = [Scene.context(request: 9)]
    #expect(scene.codes == [])
  }

  @Test("Open in the earlier pass, so not yet confirmed")
  func justClosed() {
    var scene = Scene().with { $0.units[1].contexts = [Scene.context(request: 9)] }
    scene.earlier.workers[0].units[1].request = Request(serial: 9, label: Fixture.chat, started: 1)
    #expect(scene.codes == [])
  }

  @Test("Another tenant of unit or slot does not confirm")
  func otherGeneration() {
    var scene = Scene().with { $0.units[1].contexts = [Scene.context(request: 9)] }
    scene.earlier.workers[0].units[1].generation = 7
    #expect(scene.codes == [])
    scene = Scene().with { $0.units[1].contexts = [Scene.context(request: 9)] }
    scene.earlier.workers[0].generation = 7
    #expect(scene.codes == [])
  }

  @Test("Two passes less than 50 ms apart do not confirm")
  func tooClose() {
    var scene = Scene().with { $0.units[1].contexts = [Scene.context(request: 9)] }
    scene.earlier.monotonicTime = scene.now.monotonicTime - 49_999_999
    #expect(scene.codes == [])
    scene.earlier.monotonicTime -= 1
    #expect(scene.codes == ["CTX001"])
  }

  @Test(
    "A worker that is gone leaves nothing behind, but it may have died with something",
    arguments: [Liveness.dead, .exited])
  func gone(liveness: Liveness) {
    let scene = Scene().with {
      $0.liveness = liveness
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].contexts[0].left = 5
    }
    #expect(scene.codes == (liveness == .dead ? ["CTX009"] : []))
  }
}

@Suite("CTX002 reused context")
struct ReusedContextTests {
  @Test("Requests ran on a context they did not push: thread, owner and number are named")
  func reused() throws {
    let scene = Scene().with {
      $0.units[1].contexts = [Scene.context(request: 9)]
      $0.units[1].contexts[0].left = Fixture.monotonicTime - 240_000_000_000
      $0.units[1].contexts[0].served = 41
      $0.units[1].reused = 41
    }
    #expect(scene.codesOfOnePass == ["CTX001", "CTX002"])
    let verdict = try #require(judge(scene.now, confirming: nil).last)
    #expect(
      verdict.message == "worker 4312 thread 1: 41 requests ran on the app context that GET /chat/<id> left 4m01s ago")
    #expect(verdict.unit == 1)
    #expect(verdict.context == 77)
    #expect(verdict.count == 41)
  }

  @Test("A request on its own context is none")
  func own() {
    let scene = Scene().with { Fixture.serve(&$0.units[0], serial: 5, Fixture.cart, for: 1) }
    #expect(scene.codes == [])
  }

  @Test("When the context is gone, so is the verdict")
  func over() {
    #expect(Scene().with { $0.units[1].reused = 41 }.codes == [])
  }
}

@Suite("CTX003 teardown failed")
struct TeardownFailedTests {
  @Test("One for each failure, from one pass, of a dead worker too", arguments: [Liveness.alive, .dead])
  func failed(liveness: Liveness) throws {
    let scene = Scene().with {
      $0.liveness = liveness
      $0.failures = [Fixture.failure(), Fixture.failure()]
    }
    #expect(scene.codesOfOnePass == ["CTX003", "CTX003"])
    let verdict = try #require(judge(scene.now, confirming: nil).first)
    #expect(verdict.count == 3)
    #expect(
      verdict.message == "worker 4312: shop.close_cart raised RuntimeError 3 times after GET /chat/<id>; "
        + "did not run: flask_sqlalchemy.extension.SQLAlchemy._teardown_session")
  }
}

@Suite("CTX004 connection outlives its context")
struct OutlivingConnectionTests {
  private func held(request: UInt64, context: UInt64, unit: Int = 1, label: RequestLabel? = Fixture.chat) -> Connection
  {
    Fixture.held(
      0, unit: unit, request: request, context: context, label, frame: "shop.py:44 chat",
      since: Fixture.monotonicTime - 60_000_000_000)
  }

  @Test("Its context has ended and its request is closed")
  func outlives() {
    let scene = Scene().with { $0.connections = [held(request: 9, context: 18)] }
    #expect(scene.codes == ["CTX004"])
    #expect(scene.codesOfOnePass == [])
  }

  @Test("Its request is still open: slow, or streaming", arguments: [false, true])
  func open(isStreaming: Bool) {
    let scene = Scene().with {
      $0.connections = [held(request: 9, context: 18)]
      $0.units[1].request = Request(serial: 9, label: Fixture.chat, started: 1, isStreaming: isStreaming)
    }
    #expect(scene.codes == [])
  }

  @Test("Its context is still on a stack: that is CTX001's matter")
  func contextThere() {
    let scene = Scene().with {
      $0.connections = [held(request: 9, context: 77)]
      $0.units[0].contexts = [Scene.context(request: 9)]
    }
    #expect(scene.codes == ["CTX001"])
  }

  @Test("A job's connection: its context has ended and the unit is gone, or works on something else")
  func job() {
    let connection = held(request: 0, context: 18, label: nil)
    #expect(Scene().with { $0.connections = [connection] }.codes == [])
    let gone = Scene().with {
      $0.connections = [connection]
      $0.units[1].isGone = true
    }
    #expect(gone.codes == ["CTX004"])
    let replaced = Scene().with {
      $0.connections = [connection]
      $0.units[1].generation = 2
    }
    #expect(replaced.codes == ["CTX004"])
    let busy = Scene().with {
      $0.connections = [connection]
      Fixture.serve(&$0.units[1], serial: 30, Fixture.cart, for: 1)
    }
    #expect(busy.codes == ["CTX004"])
    let later = Scene().with {
      $0.connections = [connection]
      $0.units[1].latestRequest = 30
    }
    #expect(later.codes == ["CTX004"])
  }

  @Test("Taken outside of any context and request: never")
  func noHolder() {
    let none = Scene().with {
      $0.connections = [held(request: 0, context: 0, label: nil)]
      $0.units[1].isGone = true
    }
    #expect(none.codes == [])
    let unknown = Scene().with {
      $0.connections = [held(request: 0, context: 0)]
      $0.connections[0].holder = nil
    }
    #expect(unknown.codes == [])
  }

  @Test("Returned and taken again between the passes: not confirmed")
  func takenAgain() {
    var scene = Scene().with { $0.connections = [held(request: 9, context: 18)] }
    scene.now.workers[0].connections[0].since += 5
    #expect(scene.codes == [])
  }

  @Test("An idle connection is none")
  func idle() {
    let scene = Scene().with {
      $0.connections = [held(request: 9, context: 18)]
      $0.connections[0].state = .idle
    }
    #expect(scene.codes == [])
  }

  @Test("Those of one place are one verdict, which tells how full the pool is")
  func grouped() throws {
    let scene = Scene().with {
      $0.connections = (0..<5).map { index in
        var connection = held(request: 9, context: 18)
        connection.id = index
        connection.since -= UInt64(index) * 192_000_000_000 / 4
        return connection
      }
    }
    let verdicts = judge(scene.now, confirming: scene.earlier)
    #expect(verdicts.count == 1)
    let verdict = try #require(verdicts.first)
    #expect(verdict.count == 5)
    #expect(verdict.connection == 4)
    #expect(
      verdict.message == "worker 4312: 5 connections not returned by GET /chat/<id> at shop.py:44 chat, "
        + "oldest 4m13s; 5 of 5 out: the pool is empty")
  }
}
