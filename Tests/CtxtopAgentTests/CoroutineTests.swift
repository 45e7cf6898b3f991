// Units that share a thread: what a host's binding says runs now is who an event belongs to.

import CCtxtop
import CtxtopAgent
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

/// The states of two greenlets and of one too many, and which of them runs.
nonisolated(unsafe) private let states = UnsafeMutablePointer<ctxtop_thread>.allocate(capacity: 3)
nonisolated(unsafe) private var running: Int?
nonisolated(unsafe) private var current: UInt64 = 0

extension AgentTests {
  @Suite("Coroutines")
  final class CoroutineTests {
    private let place = TemporaryDirectory()

    init() {
      var configuration = Agent.Configuration()
      configuration.stem = "shop"
      configuration.directory = place.path
      Agent.configuration = configuration
      memset(states, 0, 3 * MemoryLayout<ctxtop_thread>.stride)
      for index in 0..<2 { states[index].kind = 1 }
      states[2].kind = CTXTOP_NO_UNIT
      running = nil
      current = 0
      Agent.coroutine = { running.map { states + $0 } }
      Agent.currentApp = { isPushed in
        isPushed.pointee = false
        return current
      }
      #expect(Agent.attach(WorkerIdentity()) == 0)
    }

    deinit {
      Agent.detach()
      Agent.coroutine = nil
      Agent.currentApp = nil
    }

    private func worker() throws -> Worker {
      let client = try #require(ServiceClient(place.path))
      client.send("snapshot\n")
      return try #require(try client.record().workers.first)
    }

    private func on<Result>(_ greenlet: Int?, _ body: () -> Result) -> Result {
      running = greenlet
      defer { running = nil }
      return body()
    }

    @Test("Interleaved requests and contexts are each its own")
    func interleaved() throws {
      var tokens = (0..<2).map { index in on(index) { Agent.beginRequest(method: 1) } }
      let pushes = (0..<2).map { index in on(index) { Agent.beginPush(kind: 1) } }
      // The push of the first is still going on while the application of the second pushes a context.
      on(1) { Agent.endPush(pushes[1], kind: 1) }
      #expect(on(0) { Agent.isPushedByFramework(kind: 0) } && !on(1) { Agent.isPushedByFramework(kind: 0) })
      on(0) { Agent.endPush(pushes[0], kind: 1) }
      for index in 0..<2 { on(index) { Agent.contextPushed(kind: 0, identity: UInt64(index + 1), frame: 0) } }
      var units = try worker().units
      #expect(units.map(\.kind) == [.greenlet, .greenlet] && units.map(\.appDepth) == [1, 1])
      #expect(units.allSatisfy { $0.request != nil && $0.contexts.map(\.request) == [$0.request?.serial] })
      on(0) { Agent.contextPopped(kind: 0, identity: 1) }
      on(0) { Agent.endRequest(&tokens[0], raised: false) }
      units = try worker().units
      #expect(units.map { $0.request == nil } == [true, false] && units.map(\.appDepth) == [0, 1])
      #expect(try worker().counters.requests == 2)
    }

    @Test("The thread has a unit only once it is one itself")
    func threadItself() throws {
      _ = on(0) { Agent.beginRequest(method: 1) }
      #expect(try worker().units.map(\.kind) == [.greenlet])
      _ = on(nil) { Agent.beginRequest(method: 1) }
      #expect(try worker().units.map(\.kind) == [.greenlet, .thread])
      #expect(try worker().counters.requests == 2)
    }

    @Test("One that ends is free; one that ends in a context is evidence, until another pops that context")
    func ends() throws {
      on(0) { Agent.contextPushed(kind: 0, identity: 1, frame: 0) }
      on(0) { Agent.contextPopped(kind: 0, identity: 1) }
      on(1) { Agent.contextPushed(kind: 0, identity: 2, frame: 0) }
      Agent.coroutineEnds(states)
      Agent.coroutineEnds(states + 1)
      #expect(try worker().units.map(\.isGone) == [true])
      on(nil) { Agent.contextPopped(kind: 0, identity: 2) }
      #expect(try worker().units.map(\.kind) == [.thread])
    }

    @Test("A context that another has popped before its unit ends is not left")
    func poppedBefore() throws {
      on(0) { Agent.contextPushed(kind: 0, identity: 1, frame: 0) }
      on(1) { Agent.contextPopped(kind: 0, identity: 1) }
      Agent.coroutineEnds(states)
      #expect(try worker().units.map(\.isGone) == [false])
    }

    @Test("The state of an earlier attachment is not used, and its end does nothing")
    func earlierAttachment() throws {
      on(0) { Agent.contextPushed(kind: 0, identity: 1, frame: 0) }
      on(1) { Agent.contextPushed(kind: 0, identity: 2, frame: 0) }
      Agent.detach()
      #expect(Agent.attach(WorkerIdentity()) == 0)
      Agent.coroutineEnds(states + 1)
      on(0) { Agent.contextPushed(kind: 0, identity: 3, frame: 0) }
      #expect(try worker().units.map(\.appDepth) == [1])
    }

    @Test("One too many is counted and has no unit")
    func tooMany() throws {
      on(2) {
        var token = Agent.beginRequest(method: 1)
        Agent.contextPushed(kind: 0, identity: 1, frame: 0)
        Agent.contextPopped(kind: 0, identity: 1)
        Agent.endRequest(&token, raised: false)
      }
      let counters = try worker().counters
      #expect(try worker().units.isEmpty && counters.requests == 1 && counters.requestsEnded == 1)
      #expect(counters.dropped.units == 1)
    }

    @Test("A copy of another unit's context is told from one's own, and holds for the original")
    func copies() throws {
      _ = on(0) { Agent.beginRequest(method: 1) }
      on(0) { Agent.contextPushed(kind: 0, identity: 7, frame: 0) }
      #expect(on(1) { Agent.isCopy(7) } && !on(0) { Agent.isCopy(7) } && !on(1) { Agent.isCopy(8) })
      let connection = on(1) { Agent.connectionOpened(engine: none32, backendPID: none32) }
      current = 7
      _ = on(1) { Agent.checkedOut(connection, inherited: false, frame: 0) }
      let units = try worker().units
      let holder = try #require(try worker().connections.first?.holder)
      #expect(holder.unit == units[0].id && holder.context == units[0].contexts[0].serial)
      #expect(holder.request == units[0].request?.serial && holder.label?.method == "GET")
    }

    @Test("A context that was popped before and is current all the same holds as one that has ended")
    func poppedButCurrent() throws {
      let connection = on(1) { Agent.connectionOpened(engine: none32, backendPID: none32) }
      current = 9
      _ = on(1) { Agent.checkedOut(connection, inherited: false, frame: 0) }
      let worker = try worker()
      let holder = try #require(worker.connections.first?.holder)
      #expect(holder.unit == worker.units[0].id && holder.context != 0 && holder.request == 0)
      #expect(worker.units[0].contexts.isEmpty)
    }
  }
}
