// Reads a recording, also one that is being written.
//
// What must hold: a record that is given out is, byte for byte, the one that was written at that time. Its frame, its
// own checksums and its times are compared; whatever differs is an error for this record and those behind it in its
// group, and for nothing else.

import CtxtopSnapshot

/// The records of a recording, by number. One thread uses it.
package final class RecordingReader {
  private let file: RecordingFile
  private var scan: RecordingScan
  private let decompressor: RecordDecompressor
  /// The group that was read last, as far as it was read: its first record, and what came of each.
  private var group: (first: Int, records: [[UInt8]], failure: RecordingError?) = (0, [], nil)
  private var badRecords = DamageLog()
  private var badGroups: Set<Int> = []

  /// Opens a recording, and finds out which records it has.
  package init(path: String) throws(RecordingError) {
    file = try RecordingFile(path: path, writable: false)
    decompressor = try RecordDecompressor(path: path)
    scan = try RecordingScan(file)
  }

  /// Whether a file that begins so is a recording; eight bytes will do.
  package static func isRecording(_ firstBytes: UnsafeRawBufferPointer) -> Bool {
    firstBytes.count >= 8 && RecordingHead.isBegun(by: firstBytes)
  }

  /// The service that was recorded in a file; nil: it is no recording, or cannot be read.
  package static func service(ofFile path: String) -> String? {
    guard let file = try? RecordingFile(path: path, writable: false) else { return nil }
    return (try? RecordingHead.read(file))?.head.service
  }

  /// The service that was recorded.
  package var service: String { scan.head.service }
  /// The host at which the recording began.
  package var host: String { scan.head.host }
  /// All records, in the order in which they were written.
  package var entries: [RecordingEntry] { scan.entries }
  /// Where there are none though time passed, in the order of the file.
  package var gaps: [RecordingGap] { scan.gaps }
  /// Length of the file, as far as it holds frames.
  package var byteCount: UInt64 { scan.end }

  /// What was found to be damaged so far: one line each, at most a few. Payloads are looked at when they are read.
  package var damage: [String] {
    let junk = (try? scan.hasJunk()) == true ? ["the bytes from \(scan.end) on are damaged"] : []
    return (scan.headDamage.map { [$0] } ?? []) + scan.damage.lines + badRecords.lines + junk
  }

  /// Takes in what was appended since.
  package func refresh() throws(RecordingError) {
    let count = entries.count
    try scan.proceed()
    // Somebody has cut the file.
    if entries.count < count { group = (0, [], nil) }
  }

  /// The bytes of a record, as they came over the wire.
  package func record(at index: Int) throws(RecordingError) -> [UInt8] {
    guard entries.indices.contains(index) else { throw .noSuchRecord(file.path) }
    let first = index - Int(scan.places[index].position)
    if group.first != first || group.records.isEmpty && group.failure == nil {
      group = (first, [], nil)
      decompressor.begin()
    }
    while group.records.count <= index - first {
      if let failure = group.failure { throw failure }
      do throws(RecordingError) {
        group.records.append(try nextRecord())
      } catch {
        group.failure = error
        if badGroups.insert(first).inserted { note(error) }
        throw error
      }
    }
    return group.records[index - first]
  }

  /// A record as a snapshot.
  package func snapshot(at index: Int) throws(RecordingError) -> Snapshot {
    let bytes = try record(at: index)
    do {
      return try RecordDecoder.decode(bytes)
    } catch {
      throw .damaged(file.path, "the record of \(Self.time(entries[index].wallTime)) cannot be decoded")
    }
  }

  /// The record that `index` is to be compared with: the one before it, unless there is a gap between them, or the
  /// clock of the host began anew.
  package func predecessor(of index: Int) -> Int? {
    guard index > 0, entries.indices.contains(index), !hasGap(before: index),
      entries[index - 1].monotonicTime < entries[index].monotonicTime
    else { return nil }
    return index - 1
  }

  /// Whether time passed without records right before `index`.
  package func hasGap(before index: Int) -> Bool {
    var range = gaps.indices
    while let middle = range.isEmpty ? nil : range.lowerBound + range.count / 2 {
      if gaps[middle].before == index { return true }
      range = gaps[middle].before < index ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return false
  }

  /// The last record that is not later than a time; the first where all are later, nil where there is none at all.
  package func index(atWallTime time: UInt64) -> Int? {
    entries.isEmpty ? nil : entries.lastIndex { $0.wallTime <= time } ?? 0
  }

  // MARK: - A group

  private func nextRecord() throws(RecordingError) -> [UInt8] {
    let index = group.first + group.records.count
    let place = scan.places[index]
    let bytesSoFar = group.records.reduce(0) { $0 + $1.count }
    guard group.records.isEmpty || bytesSoFar + Int(place.rawLength) <= RecordingStream.byteLimit,
      group.records.count < RecordingStream.recordLimit
    else { throw damaged(index, "its group is too large") }
    let payload = try file.read(
      at: place.offset + UInt64(FrameHeader.byteCount), count: Int(place.payloadLength))
    guard payload.count == Int(place.payloadLength), payload.checksum(0..<payload.count) == place.payloadChecksum
    else { throw damaged(index, "its checksum does not match") }
    guard
      let record = decompressor.decompress(
        payload, length: Int(place.rawLength), at: entries[index].monotonicTime)
    else {
      throw damaged(index, "it cannot be decompressed")
    }
    guard RecordHeader.isWhole(record, entries[index]) else { throw damaged(index, "it contradicts itself") }
    return record
  }

  private func damaged(_ index: Int, _ reason: String) -> RecordingError {
    .damaged(file.path, "the record of \(Self.time(entries[index].wallTime)): \(reason)")
  }

  private func note(_ error: RecordingError) {
    if case .damaged(_, let reason) = error { badRecords.add(reason) }
  }

  private static func time(_ wallTime: UInt64) -> String {
    let time = CivilTime(nanosecondsSince1970: wallTime)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(time.year)-\(two(time.month))-\(two(time.day))T\(two(time.hour)):\(two(time.minute)):\(two(time.second))Z"
  }
}

extension RecordHeader {
  /// Whether the bytes are exactly one record with right checksums, and of the time that the entry says.
  static func isWhole(_ record: [UInt8], _ entry: RecordingEntry?) -> Bool {
    record.withUnsafeBytes { bytes in
      guard let header = try? RecordHeader(bytes), bytes.count == byteCount + header.payloadLength else { return false }
      let payload = UnsafeRawBufferPointer(rebasing: bytes[byteCount...])
      guard RecordChecksum.of(payload) == header.payloadChecksum else { return false }
      return entry.map { $0.wallTime == header.wallTime && $0.monotonicTime == header.monotonicTime } ?? true
    }
  }
}
