// Socket first, segment when nobody answers, and back.

import CtxtopScoreboard
import CtxtopSnapshot
import CtxtopStore
import Testing

@Suite struct LiveSourceTests {
  let directory: TemporaryDirectory
  let socketPath: String
  let segmentPath: String

  init() throws {
    directory = try TemporaryDirectory()
    socketPath = directory.path + "/shop.sock"
    segmentPath = try directory.file("shop.v2.segment")
  }

  private func endpoint(segment: Bool = true) -> Endpoint {
    Endpoint(name: "shop", socketPath: socketPath, segmentPath: segment ? segmentPath : nil)
  }

  private func source(_ read: @escaping SegmentSource.Read) -> LiveSource {
    LiveSource(endpoint(), socketPath: socketPath, interval: 20_000_000, readSegment: read)
  }

  @Test func readsTheSegmentWhenNobodyListensAndReturnsToTheSocket() throws {
    let source = source { _ in snapshot(at: 100) }
    let before = try events(of: source) { !$0.times.isEmpty }
    #expect(before.times == [100])
    #expect(before.states.last == .segment(reason: before.reasons[0]))
    let server = try TestServer(socketPath) { connection in
      _ = connection.request()
      connection.send(record(at: 1))
      connection.waitForEnd()
    }
    defer { server.stop() }
    let after = try events(of: source) { $0.times.contains(1) }
    #expect(after.states == [.live])
    #expect(after.times.last == 1)
    source.hangUp()
  }

  @Test func readsTheSegmentWhenTheLeaderIsStopped() throws {
    let server = try TestServer(socketPath) { $0.waitForEnd() }
    defer { server.stop() }
    let source = source { _ in snapshot(at: 100) }
    let began = System.monotonicTime()
    let events = try events(of: source) { !$0.times.isEmpty }
    #expect(events.states.last == .segment(reason: .silent(socketPath)))
    #expect(System.monotonicTime() - began < 2_000_000_000)
    source.hangUp()
  }

  @Test func aLiveSocketLeavesTheSegmentAlone() throws {
    let server = try TestServer(socketPath) { connection in
      for time in 1...5 { connection.send(record(at: UInt64(time))) }
      connection.waitForEnd()
    }
    defer { server.stop() }
    let source = source { _ in
      Issue.record("the segment was read")
      return snapshot(at: 100)
    }
    #expect(try events(of: source) { $0.times.count == 5 }.states == [.live])
    source.hangUp()
  }

  @Test func saysSoWhenNeitherWorks() throws {
    let source = source { _ throws(SegmentError) in throw .otherVersion(2) }
    let events = try events(of: source) { events in
      events.reasons.contains { if case .neither = $0 { true } else { false } }
    }
    let absent = StoreError.system(SystemError("connect", 2), path: socketPath)
    #expect(events.reasons.last == .neither(socket: absent, segment: .otherSegmentVersion(segmentPath, version: 2)))
  }

  @Test func aSegmentThatIsALinkIsRefused() throws {
    try System.rename(segmentPath, to: segmentPath + ".real")
    try link(to: segmentPath + ".real", at: segmentPath)
    let source = SegmentSource(endpoint(), path: segmentPath, interval: 1) { _ in snapshot(at: 1) }
    #expect(source.advance(now: 1).reasons == [.refused(path: segmentPath, .symbolicLink)])
  }

  @Test func aFileThatIsNoSegmentIsAnError() throws {
    let source = SegmentSource(endpoint(), path: segmentPath, interval: 1)
    let reasons = source.advance(now: 1).reasons
    #expect(reasons == [.notASegment(segmentPath)] || reasons == [.damagedSegment(segmentPath)])
  }

  @Test func theClientTakesTwoPassesThatAreApart() throws {
    let server = try TestServer(socketPath) { connection in
      for time in [10, 20, 30_000_000, 90_000_000] { connection.send(record(at: UInt64(time))) }
      connection.waitForEnd()
    }
    defer { server.stop() }
    let passes = try SnapshotClient.twoPasses(of: endpoint(segment: false))
    #expect(passes.snapshots.map(\.monotonicTime) == [10, 90_000_000])
    #expect(passes.state == .live)
  }

  @Test func theClientGivesUpInTime() throws {
    let server = try TestServer(socketPath) { $0.waitForEnd() }
    defer { server.stop() }
    let source = LiveSource.open(endpoint(segment: false), interval: 1)
    let began = System.monotonicTime()
    let results = SnapshotClient.passes(1, from: [("shop", source)], within: 700_000_000)
    #expect(System.monotonicTime() - began < 2_000_000_000)
    #expect(results == [.failure(.silent(socketPath))])
    (source as? LiveSource)?.hangUp()
  }

  @Test func theClientGivesUpAtOnceOnWhatCannotChange() throws {
    let server = try TestServer(socketPath) { connection in
      connection.send("hello\n".utf8)
      connection.waitForEnd()
    }
    defer { server.stop() }
    #expect(throws: StoreError.notOurProtocol(socketPath)) {
      _ = try SnapshotClient.twoPasses(of: endpoint(segment: false))
    }
  }

  @Test func aScriptIsPlayedByTheTestsClock() {
    let source = ScriptedSource([(5, .state(.live)), (9, .snapshot(snapshot(at: 9)))])
    #expect(source.advance(now: 4).isEmpty)
    #expect(source.advance(now: 6) == [.state(.live)])
    #expect(source.deadline == 9)
    #expect(source.advance(now: 20) == [.snapshot(snapshot(at: 9)), .state(.ended)])
    #expect(source.deadline == nil)
  }
}
