// The record codec: what goes in comes out, and what is not a record is an error and never a trap.

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Record")
struct RecordTests {
  @Test("A snapshot survives its record", arguments: 0..<40)
  func roundTrip(seed: UInt64) throws {
    let snapshot = RandomSnapshot(seed: seed).make()
    #expect(try RecordDecoder.decode(RecordEncoder.encode(snapshot)) == snapshot)
  }

  @Test("So do the shop, a healthy service, and nothing at all")
  func fixtures() throws {
    for snapshot in [Fixture.shop(), Fixture.shop(at: 1), Fixture.healthy(workers: 256, units: 8), Snapshot()] {
      #expect(try RecordDecoder.decode(RecordEncoder.encode(snapshot)) == snapshot)
    }
  }

  @Test("More strings than the first table holds survive, long and alike ones too")
  func manyStrings() throws {
    var snapshot = Fixture.service("strings")
    var worker = Worker(slot: 0, generation: 1, pid: 1)
    for index in 0..<3000 {
      var failure = TeardownFailure(function: "f\(index)", exception: index % 2 == 0 ? "" : "E")
      failure.traceback = String(repeating: "x", count: 200) + "\(index)" + String(repeating: "y", count: 200)
      failure.blueprint = index % 3 == 0 ? nil : ""
      worker.failures.append(failure)
    }
    snapshot.workers = [worker]
    #expect(try RecordDecoder.decode(RecordEncoder.encode(snapshot)) == snapshot)
  }

  @Test("The header tells times and length")
  func header() throws {
    let snapshot = Fixture.shop()
    let record = RecordEncoder.encode(snapshot)
    let header = try record.withUnsafeBytes { bytes throws(RecordError) in try RecordHeader(bytes) }
    #expect(header.wallTime == snapshot.wallTime)
    #expect(header.monotonicTime == snapshot.monotonicTime)
    #expect(header.payloadLength == record.count - RecordHeader.byteCount)
  }

  @Test("The checksum in software is that of the processor and that of the polynomial")
  func checksums() {
    var generator = Dice(state: 3)
    for length in [0, 1, 7, 8, 9, 63, 64, 1000, 3079, 3080, 3081, 4097, 10_000] {
      let bytes = (0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
      let expected = Seal.crc32c(bytes[...])
      #expect(bytes.withUnsafeBytes { RecordChecksum.inSoftware($0) } == expected)
      #expect(bytes.withUnsafeBytes { RecordChecksum.of($0) } == expected)
    }
  }

  @Test("A record cut anywhere is truncated, and one with bytes behind it is whole")
  func truncated() throws {
    let record = RecordEncoder.encode(Fixture.shop())
    for length in record.indices {
      #expect(throws: RecordError.truncated) { try RecordDecoder.decode(Array(record[..<length])) }
    }
    #expect(try RecordDecoder.decode(record + [1, 2, 3]) == Fixture.shop())
  }

  @Test("Any single flipped bit is noticed")
  func flipped() {
    var record = RecordEncoder.encode(Fixture.healthy(workers: 2, units: 2))
    for bit in 0..<(record.count * 8) {
      record[bit / 8] ^= 1 << (bit % 8)
      #expect(throws: RecordError.self) { try RecordDecoder.decode(record) }
      record[bit / 8] ^= 1 << (bit % 8)
    }
  }

  @Test("Other bytes are no record")
  func foreign() {
    #expect(throws: RecordError.notARecord) { try RecordDecoder.decode(Array("{\"schema\":".utf8)) }
    #expect(throws: RecordError.notARecord) { try RecordDecoder.decode(Array("x".utf8)) }
    #expect(throws: RecordError.truncated) { try RecordDecoder.decode([]) }
    var other = RecordEncoder.encode(Snapshot())
    other[8] = 9
    #expect(throws: RecordError.otherVersion(9)) { try RecordDecoder.decode(other) }
  }

  @Test("A length beyond the limit is refused before anything is believed")
  func tooLarge() {
    var record = RecordEncoder.encode(Snapshot())
    record.replaceSubrange(12..<16, with: [1, 0, 0, 4])
    Seal.header(&record)
    #expect(throws: RecordError.tooLarge) { try RecordDecoder.decode(record) }
  }
}

@Suite("Record with a true checksum and a false payload")
struct HostileRecordTests {
  @Test("Random payloads are errors or snapshots, never traps")
  func random() {
    var generator = Dice(state: 7)
    for _ in 0..<5000 {
      let length = Int(generator.next() % 300)
      let record = Seal.record((0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) })
      _ = try? RecordDecoder.decode(record)
    }
  }

  @Test("Every byte of a payload, replaced by hostile values and sealed again")
  func mutated() {
    let record = RecordEncoder.encode(Fixture.shop())
    let payload = Array(record[RecordHeader.byteCount...])
    for index in payload.indices {
      for value: UInt8 in [0, 0x80, 0xFF] {
        var changed = payload
        changed[index] = value
        if let snapshot = try? RecordDecoder.decode(Seal.record(changed)) { expectIndicesInRange(snapshot) }
      }
    }
  }

  @Test("Several bytes at once, at random")
  func mutatedAtRandom() {
    let record = RecordEncoder.encode(Fixture.healthy(workers: 2, units: 3))
    let payload = Array(record[RecordHeader.byteCount...])
    var generator = Dice(state: 11)
    for _ in 0..<5000 {
      var changed = payload
      for _ in 0...Int(generator.next() % 6) {
        changed[Int(generator.next() % UInt64(changed.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      if let snapshot = try? RecordDecoder.decode(Seal.record(changed)) { expectIndicesInRange(snapshot) }
    }
  }

  @Test("A payload cut anywhere and sealed again")
  func cut() {
    let record = RecordEncoder.encode(Fixture.shop())
    for length in stride(from: 0, to: record.count - RecordHeader.byteCount, by: 3) {
      let payload = Array(record[RecordHeader.byteCount...].prefix(length))
      #expect(throws: RecordError.self) { try RecordDecoder.decode(Seal.record(payload)) }
    }
  }

  @Test("Bytes that are not UTF-8 are repaired")
  func badText() throws {
    var payload = Array(RecordEncoder.encode(Snapshot(service: "shop", host: "host"))[RecordHeader.byteCount...])
    let place = try #require(payload.firstIndex(of: UInt8(ascii: "h")))
    payload[place] = 0xFF
    #expect(try RecordDecoder.decode(Seal.record(payload)).service == "s\u{FFFD}op")
  }

  private func expectIndicesInRange(_ snapshot: Snapshot) {
    for worker in snapshot.workers {
      for connection in worker.connections {
        guard let engine = connection.engine else { continue }
        #expect(worker.engines.indices.contains(engine))
      }
      #expect(worker.latency.counts.isEmpty || worker.latency.counts.count == LatencyHistogram.bucketCount)
    }
  }
}
