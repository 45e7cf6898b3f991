// The agent in this very process: events, and the exporter on its real socket. One process has one agent, so
// these tests go one after the other.

import CCtxtop
import CtxtopAgent
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Foundation
import Testing

@Suite("Agent in this process", .serialized)
final class AgentTests {
  private let place = TemporaryDirectory()

  init() {
    var configuration = Agent.Configuration()
    configuration.stem = "shop"
    configuration.directory = place.path
    Agent.configuration = configuration
  }

  deinit { Agent.detach() }

  private func attach() {
    var identity = WorkerIdentity()
    identity.serverKind = "gunicorn"
    #expect(Agent.attach(identity) == 0)
  }

  private func client() throws -> ServiceClient { try #require(ServiceClient(place.path)) }

  private func snapshot() throws -> Snapshot {
    let client = try client()
    client.send("snapshot\n")
    return try client.record()
  }

  /// One of each event.
  private func play() {
    var token = Agent.beginRequest(method: 1)
    let push = Agent.beginPush(kind: 1)
    Agent.contextPushed(kind: 0, identity: 1, frame: 0)
    Agent.endPush(push, kind: 1)
    Agent.contextPushed(kind: 1, identity: 2, frame: 0)
    let name = Array("index".utf8).withUnsafeBytes { Agent.name($0) }
    Agent.nameRequest(endpoint: name, rule: 0)
    let engine = Agent.engine(url: name, poolSize: 5, overflow: 0, timeout: 1)
    let connection = Agent.connectionOpened(engine: engine ?? none32, backendPID: none32)
    _ = Agent.checkedOut(connection, inherited: false, frame: 0)
    Agent.checkedIn(connection)
    _ = Agent.checkedOut(connection, inherited: false, frame: 0)
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    Agent.teardownFailed(FailureWords(), skipped: .init(start: nil, count: 0), message: none, traceback: none)
    Agent.streamRequest(token)
    Agent.contextPopped(kind: 1, identity: 2)
    let stack = [StackEntry(kind: 0, identity: 1, frame: 0)]
    stack.withUnsafeBufferPointer { Agent.reconcile(with: $0) }
    if Agent.leavesContexts(token) { _ = Agent.markLeft(token, endpoint: 0, rule: 0) }
    Agent.endRequest(&token, raised: false)
    Agent.endRequest(&token, raised: false)
  }

  @Test("Calls before attach and after detach do nothing")
  func unattached() {
    play()
    #expect(Agent.attachment == 0 && place.names == [])
    Agent.detach()
    attach()
    #expect(Agent.attachment != 0)
    Agent.detach()
    Agent.detach()
    let segment = place.read(shopSegment)
    play()
    #expect(Agent.attachment == 0)
    #expect(place.read(shopSegment) == segment)
  }

  @Test("A request begun before the detach ends harmlessly after it, and after the next attach")
  func overDetach() throws {
    attach()
    var first = Agent.beginRequest(method: 1)
    var second = Agent.beginRequest(method: 1)
    Agent.detach()
    Agent.endRequest(&first, raised: false)
    attach()
    Agent.endRequest(&second, raised: false)
    play()
    let worker = try #require(try snapshot().workers.first)
    #expect(worker.counters.requests == 1 && worker.counters.requestsEnded == 1)
  }

  @Test("Events of one request arrive at a client")
  func events() throws {
    attach()
    play()
    let worker = try #require(try snapshot().workers.first)
    #expect(worker.pid == getpid() && worker.liveness == .alive && worker.server.kind == "gunicorn")
    let counters = worker.counters
    #expect(counters.requests == 1 && counters.requestsEnded == 1 && counters.exceptions == 0)
    #expect(counters.contextsPushed == 2 && counters.contextsPopped == 1 && counters.contextsLeaked == 1)
    #expect(counters.checkouts == 2 && counters.checkins == 1 && counters.teardownFailures == 1)
    let unit = try #require(worker.units.first)
    #expect(unit.appDepth == 1 && unit.requestDepth == 0 && unit.request == nil)
    #expect(
      unit.contexts.first?.label == RequestLabel(method: "GET", endpoint: "index") && unit.contexts.first?.left != nil)
    #expect(worker.connections.first?.state == .checkedOut)
    #expect(worker.connections.first?.holder?.label?.endpoint == "index")
    #expect(worker.connections.first?.holder?.context == unit.contexts.first?.serial)
    #expect(worker.latency.counts.reduce(0, +) == 1)
  }

  @Test("Events of many threads are all counted, and their units end with them")
  func threads() throws {
    attach()
    onThreads(80) { _ in
      for _ in 0..<50 {
        var token = Agent.beginRequest(method: 3)
        Agent.contextPushed(kind: 0, identity: 1, frame: 0)
        Agent.contextPopped(kind: 0, identity: 1)
        Agent.endRequest(&token, raised: true)
      }
    }
    let worker = try #require(try snapshot().workers.first)
    #expect(worker.counters.requests == 4000 && worker.counters.requestsEnded == 4000)
    #expect(worker.counters.exceptions == 4000 && worker.counters.contextsPopped == 4000)
    #expect(worker.latency.counts.reduce(0, +) == 4000)
    #expect(worker.units.isEmpty && worker.counters.dropped.total == 0)
  }

  @Test("In the middle of a push or pop the real stack is not compared with the record")
  func middleOfChange() throws {
    attach()
    let stack = [StackEntry(kind: 0, identity: 1, frame: 0)]
    let push = Agent.beginPush(kind: 0)
    stack.withUnsafeBufferPointer { Agent.reconcile(with: $0) }
    Agent.endPush(push, kind: 0)
    Agent.contextPushed(kind: 0, identity: 1, frame: 0)
    #expect(Agent.recordedContexts == 1)
    let unit = Agent.beginPop()
    Agent.reconcile(with: UnsafeBufferPointer(start: nil, count: 0))
    Agent.endChange(unit)
    #expect(Agent.recordedContexts == 1)
    Agent.reconcile(with: UnsafeBufferPointer(start: nil, count: 0))
    #expect(Agent.recordedContexts == 0)
    #expect(try snapshot().workers.first?.vanished.count == 1)
  }

  @Test("Of a context that is pushed twice, a request's code pops what it pushed itself; what is kept stays kept")
  func pushedTwice() throws {
    attach()
    var token = Agent.beginRequest(method: 1)
    Agent.contextPushed(kind: 1, identity: 7, frame: 0)
    Agent.pauseRequest(token)
    #expect(Agent.isOutsideOfRequests)
    Agent.contextPushed(kind: 1, identity: 7, frame: 0)
    Agent.keepTop()
    Agent.resumeRequest(&token)
    Agent.contextPopped(kind: 1, identity: 7)
    [StackEntry(kind: 1, identity: 7, frame: 0)].withUnsafeBufferPointer { Agent.reconcile(with: $0) }
    #expect(!Agent.leavesContexts(token))
    Agent.endRequest(&token, raised: false)
    let unit = try #require(try snapshot().workers.first?.units.first)
    #expect(unit.requestDepth == 1 && unit.contexts.map(\.isPreserved) == [true])
    #expect(unit.contexts.first?.request == 0)
  }

  @Test("A request that another thread closes is closed")
  func closedElsewhere() throws {
    attach()
    nonisolated(unsafe) var token = Agent.beginRequest(method: 1)
    #expect(try snapshot().workers.first?.units.first?.request != nil)
    onThreads(1) { _ in Agent.endRequest(&token, raised: false) }
    let worker = try #require(try snapshot().workers.first)
    #expect(worker.counters.requestsEnded == 1)
    #expect(worker.units.first?.request == nil)
  }

  @Test("json is one valid document, help is help, and an unknown request says so")
  func text() throws {
    attach()
    play()
    for json in ["json\n", "json\r\n"] {
      let client = try client()
      client.send(json)
      let document = try JSONSerialization.jsonObject(with: Data(client.receiveAll().utf8)) as? [String: Any]
      #expect(document?["schema"] as? String == "ctxtop.snapshot/1")
      #expect((document?["workers"] as? [Any])?.count == 1)
    }
    let help = try client()
    help.send("help\n")
    #expect(help.receiveAll().contains("watch <ms>"))
    let unknown = try client()
    unknown.send("restart 1\n")
    #expect(unknown.receiveAll().hasPrefix("error: unknown request"))
  }

  @Test("One connection takes many snapshots; a request before the last word is answered")
  func many() throws {
    attach()
    let client = try client()
    for _ in 0..<20 {
      client.send("snapshot\n")
      #expect(try client.record().workers.count == 1)
    }
    client.send("snapshot\n")
    client.finish()
    #expect(try client.record().service == "shop")
    #expect(client.receive(1) == [])
  }

  @Test("A watch brings one record after the other, each later than the last")
  func watch() throws {
    attach()
    let client = try client()
    client.send("watch 50\n")
    let times = try (0..<5).map { _ in try client.record().monotonicTime }
    #expect(times == times.sorted() && Set(times).count == 5)
  }

  @Test("Silent clients, clients that never read, and two hundred of them keep nobody from an answer")
  func crowd() throws {
    attach()
    let crowd = try (0..<200).map { _ in try client() }
    for (index, client) in crowd.enumerated() where index % 3 > 0 {
      client.send(index % 3 == 1 ? "watch 50\n" : String(repeating: "snapshot\n", count: 20))
    }
    for _ in 0..<5 { #expect(try snapshot().workers.count == 1) }
    withExtendedLifetime(crowd) {}
  }

  @Test("Detaching closes every connection and leaves no socket")
  func detached() throws {
    attach()
    let client = try client()
    Agent.detach()
    #expect(client.receive(1) == [])
    #expect(place.names == ["shop.v2.lock", "shop.v2.segment"])
  }
}
