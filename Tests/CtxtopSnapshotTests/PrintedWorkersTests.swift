// What the printer does quickly must be what it does slowly: text that is copied from the snapshot before, and text
// that is looked at eight bytes at a time.

import CtxtopRandomKit
import Foundation
import Testing

@testable import CtxtopSnapshot

@Suite("Printing quickly")
struct PrintedWorkersTests {
  @Test(
    "A worker in which nothing happened is copied, with its pulse and its ages of now",
    arguments: 0..<60 as Range<UInt64>)
  func copied(seed: UInt64) {
    let kept = PrintedWorkers()
    var snapshot = RandomSnapshot(seed: seed).make()
    expectSame(snapshot, kept)
    snapshot.wallTime &+= 1_000_000_000
    snapshot.monotonicTime &+= 1_234_567_000
    for index in snapshot.workers.indices {
      snapshot.workers[index].liveness = .dead
      snapshot.workers[index].kernel = KernelSample(state: 83, residentBytes: seed, cpuTime: 0, time: 0)
    }
    expectSame(snapshot, kept)
    if !snapshot.workers.isEmpty { snapshot.workers[0].counters.requests &+= 1 }
    expectSame(snapshot, kept)
    // Other workers in their places, more and fewer.
    for other in 0..<4 { expectSame(RandomSnapshot(seed: seed + UInt64(other)).make(), kept) }
  }

  @Test("A character is escaped wherever it stands in a text", arguments: ["\"", "\\", "\n", "\u{7F}", "\u{85}", "é"])
  func anywhere(character: String) throws {
    for length in 0..<20 {
      for place in 0...length {
        let text = String(repeating: "~", count: place) + character + String(repeating: " ", count: length - place)
        let json = SnapshotJSON.encode(Snapshot(service: text, host: text, wallTime: 1, monotonicTime: 1))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
        #expect(object["app"] as? String == text)
        #expect(json.contains { $0 < 0x20 || $0 == 0x7F || $0 == 0x85 } == false)
      }
    }
  }

  @Test("A number is printed whatever its length")
  func numbers() throws {
    for shift in 0..<64 {
      for value in [UInt64.max >> shift, 1 << shift, UInt64(pow(10, Double(shift % 20)))] {
        let json = SnapshotJSON.encode(Snapshot(service: "", host: "", wallTime: 1, monotonicTime: value))
        #expect(String(decoding: json, as: UTF8.self).contains("\"monotonic_ns\":\(value),"))
      }
    }
  }

  private func expectSame(_ snapshot: Snapshot, _ kept: PrintedWorkers) {
    let record = RecordEncoder.encode(snapshot)
    let quick = record.withUnsafeBytes {
      SnapshotJSON.encode(record: $0, nil, reusing: kept, line: false).withBytes { [UInt8]($0) }
    }
    #expect(String(decoding: quick, as: UTF8.self) == String(decoding: SnapshotJSON.encode(snapshot), as: UTF8.self))
  }
}
