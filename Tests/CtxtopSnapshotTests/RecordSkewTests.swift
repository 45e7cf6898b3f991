// Records of a newer and of an older writer. Both are made by changing the bytes of one entity, the
// worker's runtime: its five strings are the only entity of five bytes with these numbers.

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Record of another time")
struct RecordSkewTests {
  @Test("Fields that a newer writer appended are skipped")
  func newer() throws {
    let decoded = try decode(resized(by: [0x85, 0x01, 0x02]))
    #expect(decoded == snapshot)
  }

  @Test("Fields that an older writer did not know take their defaults")
  func older() throws {
    let decoded = try decode(resized(by: []) { Array($0.dropLast(2)) })
    var expected = snapshot
    expected.workers[0].runtime.sqlalchemy = ""
    expected.workers[0].runtime.agent = ""
    #expect(decoded == expected)
  }

  @Test("An entity that ends within a number is malformed")
  func brokenOff() {
    #expect(throws: RecordError.self) { try decode(resized(by: []) { Array($0.dropLast()) + [0x80] }) }
  }

  private var snapshot: Snapshot {
    var snapshot = Snapshot(service: "shop", host: "host")
    var worker = Worker(slot: 0, generation: 1, pid: 4312)
    worker.runtime = Runtime(python: "p", flask: "f", werkzeug: "w", sqlalchemy: "s", agent: "a")
    worker.units = [Unit(id: 0, generation: 1)]
    snapshot.workers = [worker]
    return snapshot
  }

  private func decode(_ record: [UInt8]) throws -> Snapshot { try RecordDecoder.decode(record) }

  /// The record with another runtime entity, and with the lengths of the blocks around it corrected.
  private func resized(by extra: [UInt8], _ change: ([UInt8]) -> [UInt8] = { $0 }) throws -> [UInt8] {
    var payload = Array(RecordEncoder.encode(snapshot)[RecordHeader.byteCount...])
    let entity: [UInt8] = [5, 0, 0, 0, 1, 2, 3, 4, 5]
    let place = try #require(payload.indices.first { payload[$0...].starts(with: entity) })
    let fields = change(Array(entity[4...])) + extra
    payload.replaceSubrange(place..<(place + entity.count), with: [UInt8(fields.count), 0, 0, 0] + fields)
    let growth = fields.count - 5
    // Length and offset of the payload's block, and after the number of workers those of the worker's.
    for offset in [0, 4, 12, 16] { add(growth, at: offset, to: &payload) }
    return Seal.record(payload)
  }

  private func add(_ growth: Int, at offset: Int, to bytes: inout [UInt8]) {
    var value = 0
    for index in (0..<4).reversed() { value = value << 8 | Int(bytes[offset + index]) }
    value += growth
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
}
