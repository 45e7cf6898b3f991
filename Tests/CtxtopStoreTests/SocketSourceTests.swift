// The socket source against exporters that behave, break off, lie, dawdle and say nothing.

import CtxtopSnapshot
import CtxtopStore
import Testing

@Suite struct SocketSourceTests {
  let directory: TemporaryDirectory
  var path: String { directory.path + "/shop.sock" }

  init() throws { directory = try TemporaryDirectory() }

  private func source(interval: UInt64 = 50_000_000) -> SocketSource {
    SocketSource(Endpoint(name: "shop", socketPath: path, segmentPath: nil), path: path, interval: interval)
  }

  /// Why the source lost its first connection to a server that does this.
  private func firstReason(_ serve: @escaping @Sendable (ServerConnection) -> Void) throws -> StoreError {
    let server = try TestServer(path, serve: serve)
    defer { server.stop() }
    let source = source()
    let reason = try events(of: source) { !$0.reasons.isEmpty }.reasons[0]
    source.hangUp()
    return reason
  }

  @Test func watchesAndIsLive() throws {
    let server = try TestServer(path) { connection in
      guard connection.request() == "watch 50" else { return }
      for time in 1...3 { connection.send(record(at: UInt64(time))) }
      connection.waitForEnd()
    }
    defer { server.stop() }
    let source = source()
    let events = try events(of: source) { $0.times.count == 3 }
    #expect(events.times == [1, 2, 3])
    #expect(events.states == [.live])
    #expect(events.first == .state(.live))
    source.hangUp()
  }

  @Test func takesRecordsByteByByte() throws {
    let server = try TestServer(path) { connection in
      _ = connection.request()
      for byte in record(at: 1) + record(at: 2) { connection.send([byte]) }
      connection.waitForEnd()
    }
    defer { server.stop() }
    let source = source()
    #expect(try events(of: source) { $0.times.count == 2 }.times == [1, 2])
    source.hangUp()
  }

  @Test func connectsAgainWhenTheLeaderChanges() throws {
    let server = try TestServer(path) { connection in
      _ = connection.request()
      connection.send(record(at: UInt64(connection.number)))
      if connection.number == 2 { connection.waitForEnd() }
    }
    defer { server.stop() }
    let source = source()
    let events = try events(of: source) { $0.times.contains(2) }
    #expect(events.times == [0, 1, 2])
    #expect(events.reasons == [.closed(path), .closed(path)])
    #expect(events.states.last == .live)
    source.hangUp()
  }

  @Test func findsAServerThatWasRestarted() throws {
    let first = try TestServer(path) { connection in
      _ = connection.request()
      connection.send(record(at: 1))
    }
    let source = source()
    _ = try events(of: source) { !$0.times.isEmpty }
    first.stop()
    try System.unlink(path)
    _ = try events(of: source) { $0.reasons.contains(.system(SystemError("connect", 2), path: path)) }
    let second = try TestServer(path) { connection in
      _ = connection.request()
      connection.send(record(at: 2))
      connection.waitForEnd()
    }
    defer { second.stop() }
    let events = try events(of: source) { !$0.times.isEmpty }
    #expect(events.times == [2])
    #expect(events.states.last == .live)
    source.hangUp()
  }

  @Test func aNewIntervalIsAskedFor() throws {
    let server = try TestServer(path) { connection in
      let isSlow = connection.request() == "watch 2000"
      connection.send(record(at: isSlow ? 2 : 1))
      connection.waitForEnd()
    }
    defer { server.stop() }
    let source = source()
    _ = try events(of: source) { $0.times == [1] }
    source.interval = 2_000_000_000
    let events = try events(of: source) { !$0.times.isEmpty }
    #expect(events == [.snapshot(snapshot(at: 2))])
    source.hangUp()
  }

  @Test func silenceIsNoAnswer() throws {
    #expect(try firstReason { $0.waitForEnd() } == .silent(path))
  }

  @Test func garbageIsNotOurProtocol() throws {
    let reason = try firstReason { connection in
      connection.send("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
      connection.waitForEnd()
    }
    #expect(reason == .notOurProtocol(path))
  }

  @Test func aRefusalIsQuotedWithoutControlCharacters() throws {
    let reason = try firstReason { connection in
      connection.send("error: \u{1B}[2Junknown request\n".utf8)
    }
    #expect(reason == .refusedRequest(path, message: "?[2Junknown request"))
  }

  @Test func aRecordThatBreaksOffIsStalled() throws {
    let reason = try firstReason { connection in
      _ = connection.request()
      connection.send(record(at: 1).dropLast(5))
    }
    #expect(reason == .stalled(path))
  }

  @Test func aRecordThatIsNeverFinishedIsStalled() throws {
    let reason = try firstReason { connection in
      connection.send(record(at: 1).dropLast())
      connection.waitForEnd()
    }
    #expect(reason == .stalled(path))
  }

  @Test func aLyingLengthIsDamage() throws {
    let reason = try firstReason { connection in
      var bytes = record(at: 1)
      bytes[12] &+= 200
      connection.send(bytes)
      connection.waitForEnd()
    }
    guard case .damagedRecord = reason else {
      Issue.record("\(reason)")
      return
    }
  }

  @Test func anotherRecordVersionIsNamed() throws {
    let reason = try firstReason { connection in
      var bytes = record(at: 1)
      bytes[8] = 9
      connection.send(bytes)
      connection.waitForEnd()
    }
    #expect(reason == .otherRecordVersion(path, version: 9))
  }

  @Test func aSocketWithoutListenerIsSaidToBeOne() throws {
    let server = try TestServer(path) { _ in }
    server.stop()
    let source = source()
    #expect(try events(of: source) { !$0.reasons.isEmpty }.reasons == [.noListener(path)])
  }

  @Test func aLongPathIsReached() throws {
    let server = try TestServer(path) { connection in
      connection.send(record(at: 7))
      connection.waitForEnd()
    }
    defer { server.stop() }
    let detour = directory.path + String(repeating: "/.", count: 60) + "/shop.sock"
    let source = SocketSource(
      Endpoint(name: "shop", socketPath: detour, segmentPath: nil), path: detour, interval: 50_000_000)
    #expect(try events(of: source) { !$0.times.isEmpty }.times == [7])
    source.hangUp()
  }
}
