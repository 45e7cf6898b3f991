// CTX005 to CTX010: what must raise each, and what must not. The scene is that of VerdictTests.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopModel

@Suite("CTX005 orphan session")
struct OrphanSessionTests {
  static func session(_ change: (inout Session) -> Void = { _ in }) -> Session {
    var session = Session(id: 3, generation: 1)
    session.scope = "app context"
    session.since = Fixture.monotonicTime - 60_000_000_000
    session.holder = Holder(unit: 1, unitGeneration: 1, request: 9, context: 77, label: Fixture.chat, frame: "")
    change(&session)
    return session
  }

  @Test("Its context is gone, in two passes")
  func orphan() throws {
    let scene = Scene().with { $0.sessions = [Self.session { $0.isInTransaction = true }] }
    #expect(scene.codes == ["CTX005"])
    #expect(scene.codesOfOnePass == [])
    let verdict = try #require(judge(scene.now, confirming: scene.earlier).first)
    #expect(verdict.severity == .warning && verdict.session == 3)
    #expect(verdict.statement.contains("GET /chat/<id>") && verdict.statement.contains("transaction open"))
  }

  @Test("It is critical once a later request has it, who is named")
  func inherited() throws {
    let scene = Scene().with {
      $0.sessions = [
        Self.session {
          $0.heirRequest = 12
          $0.heir = Fixture.cart
        }
      ]
    }
    let verdict = try #require(judge(scene.now, confirming: scene.earlier).first)
    #expect(verdict.severity == .critical && verdict.statement.contains(Fixture.cart.text))
  }

  @Test("Another tenant of the same record confirms nothing")
  func anotherTenant() {
    var scene = Scene().with { $0.sessions = [Self.session()] }
    scene.earlier.workers[0].sessions[0].generation = 0
    #expect(scene.codes == [])
  }

  @Test("A worker that is gone has no sessions to be inherited")
  func deadWorker() {
    let scene = Scene().with {
      $0.sessions = [Self.session()]
      $0.liveness = .exited
    }
    #expect(scene.codes == [])
  }
}

@Suite("CTX006 to CTX010")
struct LeftoverVerdictTests {
  @Test("CTX006: a context that vanished, with the place where it was pushed")
  func vanished() throws {
    var vanished = VanishedContext()
    vanished.frame = "shop.py:41 preview"
    vanished.count = 2
    vanished.label = Fixture.chat
    let scene = Scene().with { $0.vanished = [vanished] }
    #expect(scene.codesOfOnePass == ["CTX006"])
    let verdict = try #require(judge(scene.now, confirming: nil).first)
    #expect(verdict.count == 2 && verdict.statement.contains("shop.py:41 preview"))
  }

  @Test("CTX007: only a connection that is in use after the fork", arguments: [ConnectionState.inherited, .idle])
  func inherited(state: ConnectionState) {
    let scene = Scene().with { worker in
      var connection = Connection(id: 0, generation: 1)
      connection.state = state
      worker.connections = [connection]
    }
    #expect(scene.codesOfOnePass == (state == .inherited ? ["CTX007"] : []))
  }

  @Test("CTX008: stopped by a signal")
  func stopped() {
    let scene = Scene().with { $0.kernel?.state = UInt8(ascii: "T") }
    #expect(scene.codesOfOnePass == ["CTX008"])
  }

  @Test("CTX008: uninterruptible sleep, but not before 5 s", arguments: [4, 6])
  func uninterruptible(seconds: UInt64) {
    let scene = Scene().with {
      $0.kernel?.state = UInt8(ascii: "D")
      $0.kernel?.since = Fixture.monotonicTime + 1_000_000_000 - seconds * 1_000_000_000
    }
    #expect(scene.codesOfOnePass == (seconds > 5 ? ["CTX008"] : []))
  }

  /// All threads of the worker serve, and nothing has moved for some seconds.
  private static func standing(seconds: UInt64, queue: UInt64?, streams: Int = 0) -> Scene {
    Scene().with { worker in
      worker.server.threads = 2
      worker.kernel?.listenQueue = queue
      for index in worker.units.indices {
        let start = Fixture.monotonicTime + 1_000_000_000 - seconds * 1_000_000_000
        worker.units[index].lastEvent = start
        worker.units[index].request = Request(
          serial: UInt64(index + 1), label: Fixture.chat, started: start, isStreaming: index < streams)
      }
    }
  }

  @Test("CTX008: everything stands still and somebody waits")
  func wedged() {
    let scene = Self.standing(seconds: 40, queue: 3)
    #expect(scene.codesOfOnePass == ["CTX008"])
    #expect(Model(now: scene.now, earlier: nil).conditions[0].state == .wedged)
  }

  @Test("Slow is not wedged: nobody waits, or not for long, or it streams")
  func slow() {
    #expect(Self.standing(seconds: 40, queue: 0).codesOfOnePass == [])
    #expect(Self.standing(seconds: 20, queue: 3).codesOfOnePass == [])
    #expect(Self.standing(seconds: 40, queue: 3, streams: 2).codesOfOnePass == [])
  }

  @Test("Where the queue cannot be read it is a state and no verdict")
  func saturated() {
    let scene = Self.standing(seconds: 40, queue: nil)
    #expect(scene.codesOfOnePass == [])
    #expect(Model(now: scene.now, earlier: nil).conditions[0].state == .saturated)
  }

  @Test("Who waits in a queue of the server's own cannot be counted", arguments: ["gthread", "sync"])
  func acceptsAhead(model: String) {
    let scene = Self.standing(seconds: 40, queue: 0).with { $0.server.model = model }
    #expect(scene.codesOfOnePass == [])
    #expect(Model(now: scene.now, earlier: nil).conditions[0].state == (model == "gthread" ? .saturated : .busy))
  }

  @Test("CTX009: died with a lock, and says which", arguments: [Liveness.dead, .exited, .alive])
  func died(liveness: Liveness) throws {
    let scene = Scene().with { worker in
      worker.liveness = liveness
      var lock = Resource(id: 4, generation: 1)
      lock.kind = "lock"
      lock.name = "report"
      worker.resources = [lock]
    }
    #expect(scene.codesOfOnePass == (liveness == .dead ? ["CTX009"] : []))
    if liveness == .dead {
      #expect(try #require(judge(scene.now, confirming: nil).first).statement == "died holding lock report")
    }
  }

  @Test("Waiting for a lock is not holding it")
  func diedWaiting() {
    let scene = Scene().with { worker in
      worker.liveness = .dead
      var lock = Resource(id: 4, generation: 1)
      lock.state = .waiting
      worker.resources = [lock]
    }
    #expect(scene.codesOfOnePass == [])
  }

  @Test("CTX010: once for all workers of a server")
  func hazard() {
    var scene = Scene().with { $0.hazards = [Hazard(code: "commit_on_teardown", message: "shop sets it")] }
    scene.now.workers.append(scene.now.workers[0])
    scene.now.workers[1].ownSlot = 1
    #expect(scene.codesOfOnePass == ["CTX010"])
    scene.now.workers[1].instance += 1
    #expect(scene.codesOfOnePass == ["CTX010", "CTX010"])
  }

  @Test("Every code can be named as people write it")
  func codes() {
    #expect(VerdictCatalogue.code(named: "ctx4") == .connectionOutlivesContext)
    #expect(VerdictCatalogue.code(named: "CTX010") == .hazard && VerdictCatalogue.code(named: "10") == .hazard)
    for text in ["", "CTX", "CTX011", "11", "-4", "CTX-4", "4.0", "x4"] {
      #expect(VerdictCatalogue.code(named: text) == nil)
    }
  }
}
