// Recordings, written and read. What damage does to them is tried far more often than a debug build could, by
// Tests/ctxtop-recording-probe.

import CtxtopSnapshot
import CtxtopTestKit
import Glibc
import Testing

@testable import CtxtopStore

@Suite struct RecordingTests {
  private let directory: TemporaryDirectory
  private var path: String { directory.path + "/shop.ctxtop" }

  init() throws { directory = try TemporaryDirectory() }

  private func record(_ pass: Int) -> [UInt8] { RecordEncoder.encode(Fixture.shop(at: UInt64(pass))) }

  private func summary(_ pass: Int) -> RecordSummary {
    var summary = RecordSummary()
    summary.leakedContexts = UInt32(pass)
    summary.leakedConnections = 7
    summary.verdicts = 0b110
    return summary
  }

  private func writer(_ service: String = "shop") throws -> RecordingWriter {
    try RecordingWriter(path: path, service: service, host: "prod-3")
  }

  /// Writes some passes and closes the file.
  private func write(_ passes: Range<Int>) throws {
    let writer = try writer()
    for pass in passes { try writer.append(record(pass), summary: summary(pass)) }
    try writer.close()
  }

  private func bytes() throws -> [UInt8] { try System.head(of: path, limit: 10_000_000) }

  private func put(_ bytes: [UInt8]) throws {
    let descriptor = try System.open(path, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
    defer { System.close(descriptor) }
    try System.write(descriptor, bytes)
  }

  // MARK: - There and back

  @Test func whatWasWrittenIsRead() throws {
    try write(0..<300)
    let reader = try RecordingReader(path: path)
    #expect(reader.service == "shop" && reader.host == "prod-3")
    #expect(reader.entries.count == 300 && reader.gaps.isEmpty && reader.damage.isEmpty)
    for pass in [0, 1, 63, 64, 65, 255, 256, 257, 299, 128, 5] {
      #expect(try reader.record(at: pass) == record(pass))
      #expect(reader.entries[pass].wallTime == Fixture.wallTime + UInt64(pass) * 1_000_000_000)
      #expect(reader.entries[pass].monotonicTime == Fixture.monotonicTime + UInt64(pass) * 1_000_000_000)
      #expect(reader.entries[pass].summary == summary(pass))
    }
    #expect(try reader.snapshot(at: 299) == Fixture.shop(at: 299))
    #expect(throws: RecordingError.noSuchRecord(path)) { try reader.record(at: 300) }
    #expect(throws: RecordingError.noSuchRecord(path)) { try reader.record(at: -1) }
    #expect(try System.status(path).mode == 0o600)
  }

  @Test func theIndexSaysTheSameAsTheFrames() throws {
    try write(0..<600)
    let indexed = try RecordingReader(path: path)
    var file = try bytes()
    #expect(file[RecordingHead.pointer].contains { $0 != 0 })
    for place in RecordingHead.pointer { file[place] = 0xFF }
    try put(file)
    let scanned = try RecordingReader(path: path)
    #expect(scanned.entries == indexed.entries && scanned.entries.count == 600)
    #expect(scanned.damage.isEmpty)
    #expect(try scanned.record(at: 599) == record(599))
  }

  @Test func unlikeRecordsAreReadToo() throws {
    let writer = try writer()
    let snapshots = (0..<40).map { pass -> Snapshot in
      switch pass % 4 {
      case 0: Fixture.shop(at: UInt64(pass))
      case 1: Fixture.market(at: UInt64(pass))
      case 2: Fixture.healthy(workers: 1 + pass, units: pass, at: UInt64(pass))
      default: Fixture.service("日本語", at: UInt64(pass))
      }
    }
    for snapshot in snapshots { try writer.append(RecordEncoder.encode(snapshot), summary: RecordSummary()) }
    try writer.close()
    let reader = try RecordingReader(path: path)
    for index in snapshots.indices { #expect(try reader.snapshot(at: index) == snapshots[index]) }
  }

  @Test func anyBytesComeBackFromADifference() throws {
    var dice = SystemRandomNumberGenerator()
    var there = RecordingDifference()
    var back = RecordingDifference()
    var before: [UInt8] = []
    for round in 0..<300 {
      var bytes = round % 3 == 0 ? [] : before
      for _ in 0..<Int.random(in: 0...40, using: &dice) {
        let place = Int.random(in: 0...bytes.count, using: &dice)
        let range: ClosedRange<UInt8> = Bool.random(using: &dice) ? 0...255 : 128...255
        bytes.insert(
          contentsOf: (0..<Int.random(in: 1...12, using: &dice)).map { _ in .random(in: range, using: &dice) },
          at: place)
      }
      let time = UInt64.random(in: 0 ... .max, using: &dice)
      let streams = there.encode(bytes, at: time)
      #expect(
        streams.bytes.count + streams.marks.count + streams.details.count <= RecordingDifference.limit(of: bytes.count))
      let decoded = streams.bytes.withUnsafeBytes { plain in
        streams.marks.withUnsafeBytes { marks in
          streams.details.withUnsafeBytes { details in
            back.decode(bytes: plain, marks: marks, details: details, length: bytes.count, at: time)
          }
        }
      }
      #expect(decoded == bytes)
      before = bytes
    }
  }

  // MARK: - Gaps

  @Test func gapsAreBetweenTheRecordsThatTheyAreBetween() throws {
    let writer = try writer()
    try writer.append(record(0), summary: RecordSummary())
    try writer.append(record(1), summary: RecordSummary())
    try writer.markGap(since: 5, until: 9, reason: "one")
    try writer.markGap(since: 9, until: 12, reason: "two")
    try writer.append(record(2), summary: RecordSummary())
    try writer.markGap(since: 20, until: 30, reason: "at the end")
    try writer.close()
    let reader = try RecordingReader(path: path)
    #expect(
      reader.gaps == [
        RecordingGap(before: 2, since: 5, until: 12, reason: "one"),
        RecordingGap(before: 3, since: 20, until: 30, reason: "at the end"),
      ])
    #expect(reader.predecessor(of: 0) == nil)
    #expect(reader.predecessor(of: 1) == 0)
    #expect(reader.predecessor(of: 2) == nil)
    #expect(reader.predecessor(of: 3) == nil)
  }

  @Test func timeThatGoesBackwardsHasNoPredecessor() throws {
    let writer = try writer()
    for pass in [5, 6, 2, 3] { try writer.append(record(pass), summary: RecordSummary()) }
    try writer.close()
    let reader = try RecordingReader(path: path)
    #expect((0..<4).map { reader.predecessor(of: $0) } == [nil, 0, nil, 2])
    #expect(reader.index(atWallTime: Fixture.wallTime + 6_000_000_000) == 3)
    #expect(reader.index(atWallTime: 0) == 0)
  }

  // MARK: - Going on

  @Test func aRecordingIsGoneOnWithBehindItsLastWholeRecord() throws {
    try write(0..<10)
    let torn = try bytes()
    try put(torn + torn[1024..<1100])
    try write(10..<12)
    let reader = try RecordingReader(path: path)
    #expect(reader.entries.count == 12 && reader.damage.isEmpty)
    #expect(reader.gaps.map(\.before) == [10])
    #expect(reader.gaps[0].reason == "recording stopped")
    #expect(reader.gaps[0].since == reader.entries[9].wallTime && reader.gaps[0].until == reader.entries[10].wallTime)
    #expect(try reader.record(at: 11) == record(11))
  }

  @Test func aFrameWhoseBytesNeverArrivedIsCutOff() throws {
    let writer = try writer()
    for pass in 0..<9 { try writer.append(record(pass), summary: RecordSummary()) }
    let whole = writer.byteCount
    try writer.append(record(9), summary: RecordSummary())
    var file = Array(try bytes().prefix(writer.byteCount))
    try writer.close()
    for place in whole + 56..<file.count { file[place] = 0 }
    try put(file)
    try write(10..<11)
    let reader = try RecordingReader(path: path)
    #expect(reader.entries.count == 10)
    #expect(try reader.record(at: 9) == record(10))
  }

  @Test func onlyRecordingsOfTheServiceAreGoneOnWith() throws {
    try write(0..<2)
    let before = try bytes()
    #expect(throws: RecordingError.otherService(path, service: "shop", wanted: "bank")) { try writer("bank") }
    #expect(try bytes() == before)
    for other in ["no recording", "CTXTOPR1", "x"] {
      try put(Array(other.utf8))
      #expect(throws: RecordingError.notARecording(path)) { try writer() }
      #expect(throws: RecordingError.notARecording(path)) { try RecordingReader(path: path) }
      #expect(try bytes() == Array(other.utf8))
    }
    // A head that was being written, and an empty file, hold nothing.
    for length in [0, 1, 7, 500, 1023] {
      try put(Array(before.prefix(length)))
      try write(0..<1)
      #expect(try RecordingReader(path: path).entries.count == 1)
    }
  }

  @Test func thereIsOneWriter() throws {
    let first = try writer()
    #expect(throws: RecordingError.inUse(path)) { try writer() }
    try first.close()
  }

  @Test func whatGrowsIsReadAsItGrows() throws {
    let writer = try writer()
    let reader = try RecordingReader(path: path)
    #expect(reader.entries.isEmpty)
    for pass in 0..<300 {
      try writer.append(record(pass), summary: RecordSummary())
      guard pass % 37 == 0 || pass > 290 else { continue }
      try reader.refresh()
      #expect(reader.entries.count == pass + 1)
      #expect(try reader.record(at: pass) == record(pass))
    }
    try writer.close()
    #expect(reader.damage.isEmpty)
  }

  // MARK: - Lies

  @Test func theSecondHeadIsThereForTheFirst() throws {
    try write(0..<5)
    var file = try bytes()
    for place in 0..<512 { file[place] = 0 }
    try put(file)
    let reader = try RecordingReader(path: path)
    #expect(reader.entries.count == 5 && reader.damage.count == 1)
  }

  @Test func aPointerOrAnIndexThatLiesIsNotBelieved() throws {
    try write(0..<300)
    let file = try bytes()
    let (head, _, _) = try RecordingHead.read(RecordingFile(path: path, writable: false))
    let real = try #require(head.latestIndex(in: file))
    let named = try #require(
      file.withUnsafeBytes { FrameHeader(UnsafeRawBufferPointer(rebasing: $0[1024...]), seed: head.seed) })
    // Somewhere else; beyond the end; at a record; and at an index that names itself as the one before.
    var lies = [1024, real + 1, UInt64(file.count), .max, 1 << 62].map { ($0, file) }
    for earlier in [real, real + 8, .max, 1] {
      var other = Array(file[..<Int(real)])
      other += RecordingIndex.frame(
        naming: [named], first: 1024, after: earlier, sequence: 302, seed: head.seed)
      lies.append((real, other))
    }
    for (place, content) in lies {
      var content = content
      content.replaceSubrange(RecordingHead.pointer, with: head.pointer(to: place))
      try put(content)
      let reader = try RecordingReader(path: path)
      #expect(reader.entries.count == 300)
      #expect(try reader.record(at: 299) == record(299))
    }
  }

  @Test func aHeaderWithoutItsPayloadHidesNothing() throws {
    try write(0..<100)
    let file = try RecordingFile(path: path, writable: false)
    let head = try RecordingHead.read(file).head
    var places = [RecordingHead.end]
    while let header = try file.header(at: places[places.count - 1], seed: head.seed) {
      places.append(places[places.count - 1] + header.frameLength)
    }
    var bytes = try bytes()
    // No index: what is there is what is met. The last frame would have been one, and is met as well.
    for place in RecordingHead.pointer { bytes[place] = 0xFF }
    let later = Array(bytes[Int(places[90])..<Int(places[90]) + FrameHeader.byteCount])
    let index = Array(bytes[Int(places[100])..<Int(places[100]) + FrameHeader.byteCount])
    // Where a group begins: of a group, damage takes the rest.
    let place = Int(places[RecordingStream.recordLimit])
    for header in [later, index] {
      try put(Array(bytes[..<place] + header + bytes[place...]))
      let reader = try RecordingReader(path: path)
      #expect(reader.entries.count == 100)
      #expect(reader.damage.count == 1)
    }
  }

  @Test func lengthsAndBombsAreRefused() throws {
    let writer = try writer()
    try writer.append(record(0), summary: RecordSummary())
    try writer.close()
    let file = Array(try bytes().prefix(1024))
    let (head, _, _) = try RecordingHead.read(RecordingFile(path: path, writable: false))
    let compressor = try RecordCompressor(path: path)
    compressor.begin(length: 1 << 20)
    let bomb = try #require(compressor.compress([UInt8](repeating: 7, count: 8 << 20), at: 0))
    for rawLength in [
      1, 40, bomb.count, 1 << 20, FrameHeader.recordLimit, FrameHeader.recordLimit + 1, Int(UInt32.max),
    ] {
      var header = FrameHeader(FrameHeader.Kind.record, sequence: 0)
      header.rawLength = rawLength
      try put(file + header.frame(bomb, seed: head.seed).bytes)
      let reader = try RecordingReader(path: path)
      guard !reader.entries.isEmpty else { continue }
      #expect(throws: RecordingError.self) { try reader.record(at: 0) }
      #expect(reader.damage.count == 1)
    }
  }

  @Test func onlyRecordsAreWritten() throws {
    let writer = try writer()
    var damaged = record(0)
    damaged[100] ^= 1
    for bytes in [[], [1], Array(record(0).dropLast()), record(0) + [0], damaged] {
      #expect(throws: RecordingError.self) { try writer.append(bytes, summary: RecordSummary()) }
    }
    #expect(writer.recordCount == 0)
    try writer.append(record(0), summary: RecordSummary())
    try writer.close()
    #expect(try RecordingReader(path: path).entries.count == 1)
  }
}
