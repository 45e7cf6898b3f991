// The framing of a connection, without a connection.

import CtxtopSnapshot
import Testing

@testable import CtxtopStore

@Suite struct RecordStreamTests {
  private func stream(_ bytes: some Sequence<UInt8>) throws -> RecordStream {
    var stream = RecordStream(path: "/s")
    _ = try stream.fill { buffer in buffer.append(contentsOf: bytes) }
    return stream
  }

  @Test func aRecordMayBeCutAnywhere() throws {
    let bytes = record(at: 1) + record(at: 2)
    for cut in bytes.indices {
      var stream = try stream(bytes[..<cut])
      var times: [UInt64] = []
      while let snapshot = try stream.next() { times.append(snapshot.monotonicTime) }
      try stream.fill { buffer in buffer.append(contentsOf: bytes[cut...]) }
      while let snapshot = try stream.next() { times.append(snapshot.monotonicTime) }
      #expect(times == [1, 2])
      #expect(!stream.isInsideRecord)
    }
  }

  @Test func whatDoesNotBeginLikeARecordIsNoneAtItsFirstByte() throws {
    var stream = try stream([UInt8(ascii: "H")])
    #expect(throws: StoreError.notOurProtocol("/s")) { _ = try stream.next() }
  }

  @Test func aRefusalMayBeCutAnywhereAndIsBounded() throws {
    let line = Array("error: no such request\n".utf8)
    for cut in 1..<line.count {
      var stream = try stream(line[..<cut])
      #expect(try stream.next() == nil)
      try stream.fill { buffer in buffer.append(contentsOf: line[cut...]) }
      #expect(throws: StoreError.refusedRequest("/s", message: "no such request")) { _ = try stream.next() }
    }
    var endless = try stream(Array("error: ".utf8) + [UInt8](repeating: 65, count: 10_000))
    #expect(throws: StoreError.self) { _ = try endless.next() }
  }

  @Test func damageIsAnErrorAndNeverAnotherSnapshot() throws {
    let good = record(at: 1)
    var dice = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      var bytes = good
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        bytes[Int.random(in: bytes.indices, using: &dice)] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
      }
      if bytes == good { continue }
      var stream = try stream(bytes)
      if let snapshot = try? stream.next() {
        Issue.record("\(bytes) became \(snapshot)")
        return
      }
    }
  }

  @Test func pausesGrowUntilTheServerHasServedForAWhile() {
    var backoff = Backoff()
    var pauses: [UInt64] = []
    for _ in 0..<9 {
      backoff.connectionFailed()
      pauses.append(backoff.delay / 1_000_000)
    }
    #expect(pauses == [0, 20, 50, 100, 200, 500, 1000, 1000, 1000])
    backoff.connectionEnded(answered: true, age: 2_000_000_000)
    #expect(backoff.delay == 0)
    for _ in 0..<5 { backoff.connectionEnded(answered: true, age: 1000) }
    #expect(backoff.delay == 50_000_000)
  }
}
