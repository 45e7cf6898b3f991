// Appends to a recording.
//
// What must hold: the file is a whole recording after every call. A frame is written by one call behind the last one,
// and what could not be written whole is cut off again. A program that is killed loses at most the record that it was
// writing; a machine that loses its power, what came since the file was last synchronised.

import CtxtopSnapshot

/// The only writer of a recording.
package final class RecordingWriter {
  /// How long a record may stay unsynchronised, in nanoseconds, where that is wanted at all.
  private static let synchronizeInterval: UInt64 = 10_000_000_000

  /// Where it is.
  package let path: String
  /// Records in the file.
  package private(set) var recordCount = 0
  /// Length of the file.
  package var byteCount: Int { Int(end) }
  /// Wall time of the first record; nil: there is none yet.
  package private(set) var began: UInt64?
  /// What was damaged in a file that was there before.
  package let damage: [String]

  private let file: RecordingFile
  private let head: RecordingHead
  private let isDurable: Bool
  private let compressor: RecordCompressor
  private var end: UInt64
  private var sequence: UInt32
  /// Records and bytes of the group; nil: the next record begins one.
  private var group: (records: Int, bytes: Int)?
  /// What no index names yet; nil: something in the file is damaged, and no index could name all of it.
  private var unindexed: (headers: [FrameHeader], first: UInt64, after: UInt64)?
  private var lastWallTime: UInt64?
  /// What is to be written before the next record.
  private var gap: (since: UInt64, until: UInt64?, reason: String)?
  private var synchronized: UInt64
  private var isClosed = false

  /// Creates the file (mode 0600), or goes on with a recording of this service: what is behind its last whole record is
  /// cut off, and a gap is marked. A durable recording is synchronised with the disk every ten seconds.
  package init(path: String, service: String, host: String, isDurable: Bool = false) throws(RecordingError) {
    self.path = path
    self.isDurable = isDurable
    compressor = try RecordCompressor(path: path)
    file = try Self.open(path)
    synchronized = System.monotonicTime()
    if let scan = try Self.scan(file, of: service) {
      head = scan.head
      end = scan.end
      sequence = scan.nextSequence
      recordCount = scan.entries.count
      began = scan.entries.first?.wallTime
      lastWallTime = scan.entries.last?.wallTime
      damage = scan.damage.lines
      unindexed = damage.isEmpty ? (scan.unindexed, scan.indexed, scan.lastIndex) : nil
      gap = lastWallTime.map { ($0, nil, "recording stopped") }
      try file.cut(to: end)
    } else {
      head = RecordingHead(
        service: service, host: host, wallTime: System.wallTime(),
        seed: UInt32(truncatingIfNeeded: System.randomNumber()))
      end = RecordingHead.end
      sequence = 0
      damage = []
      unindexed = ([], end, 0)
      try begin()
    }
  }

  deinit { try? close() }

  /// Throws if what is at the path cannot become, or go on as, a recording. What is not there can.
  package static func check(_ path: String, _ status: FileStatus) throws(RecordingError) {
    guard status.kind == .regular else { throw .notARecording(path) }
    let file = try RecordingFile(path: path, writable: false)
    if try file.size() == 0 { return }
    do throws(RecordingError) {
      _ = try RecordingHead.read(file)
    } catch {
      if case .unfinished = error { return }
      throw error
    }
  }

  /// Whether there is no place for another record, and a new file must be begun.
  package var isFull: Bool { recordCount >= RecordingScan.recordLimit }

  /// Appends a record as it came over the wire.
  package func append(_ record: [UInt8], summary: RecordSummary) throws(RecordingError) {
    let recordHeader = try Self.header(of: record)
    guard recordCount < RecordingScan.recordLimit else { throw .full(path) }
    let gapFrame = gapFrame(until: recordHeader.wallTime)
    let frame = try compress(record, recordHeader, summary, sequence &+ (gapFrame == nil ? 0 : 1))
    do {
      try write((gapFrame?.bytes ?? []) + frame.bytes)
    } catch {
      group = nil
      if error.isNoRoom {
        gap = (gap?.since ?? lastWallTime ?? recordHeader.wallTime, nil, gap?.reason ?? "no room on the disk")
      }
      throw error
    }
    for frame in [gapFrame, frame].compactMap({ $0 }) { note(frame.header) }
    group = ((group?.records ?? 0) + 1, (group?.bytes ?? 0) + record.count)
    gap = nil
    recordCount += 1
    began = began ?? recordHeader.wallTime
    lastWallTime = recordHeader.wallTime
    // Without an index a recording is opened a little more slowly, that is all.
    if indexIsDue { try? writeIndex() }
    if isDurable && System.monotonicTime() >= synchronized &+ Self.synchronizeInterval { synchronize() }
  }

  /// Says that there are no records of a time, and why. Written with the next record, or at the end.
  package func markGap(since: UInt64, until: UInt64, reason: String) throws(RecordingError) {
    gap = (min(gap?.since ?? since, since), until, gap?.reason ?? reason)
  }

  /// Writes the index, and gives the file back.
  package func close() throws(RecordingError) {
    guard !isClosed else { return }
    isClosed = true
    if let until = gap?.until {
      if let frame = gapFrame(until: until) {
        try write(frame.bytes)
        note(frame.header)
      }
    }
    defer { file.unlock() }
    try writeIndex()
    if isDurable { try file.synchronize() }
  }

  // MARK: - Opening

  private static func open(_ path: String) throws(RecordingError) -> RecordingFile {
    // Between opening and locking, another writer may have renamed the file.
    for _ in 0..<8 {
      let file = try RecordingFile(path: path, writable: true)
      guard try file.lock() else { throw .inUse(path) }
      if try file.isAtItsPath() { return file }
    }
    throw .inUse(path)
  }

  /// What is in the file already, without the frames at its end that are not whole; nil: not even a head.
  private static func scan(_ file: RecordingFile, of service: String) throws(RecordingError) -> RecordingScan? {
    if try file.size() == 0 { return nil }
    do throws(RecordingError) {
      let head = try RecordingHead.read(file).head
      guard head.isOf(service) else { throw .otherService(file.path, service: head.service, wanted: service) }
      var scan = try RecordingScan(file)
      // After a loss of power the length may be there before the bytes are.
      for _ in 0..<64 {
        guard let last = scan.last, try !file.holds(last.header, at: last.offset) else { break }
        try file.cut(to: last.offset)
        scan = try RecordingScan(file)
      }
      return scan
    } catch {
      if case .unfinished = error { return nil }
      throw error
    }
  }

  private func begin() throws(RecordingError) {
    do {
      try file.cut(to: 0)
      try file.write(head.bytes + head.bytes, at: 0)
    } catch {
      try? file.cut(to: 0)
      throw error
    }
  }

  // MARK: - Frames

  private static func header(of record: [UInt8]) throws(RecordingError) -> RecordHeader {
    let header: RecordHeader
    do throws(RecordError) {
      header = try record.withUnsafeBufferPointer { (bytes) throws(RecordError) in
        try RecordHeader(UnsafeRawBufferPointer(bytes))
      }
    } catch {
      throw .notARecord(error)
    }
    guard RecordHeader.isWhole(record, nil) else { throw .notARecord(.badChecksum) }
    return header
  }

  /// The next record of the group, or the first of a new one, as a frame.
  private func compress(
    _ record: [UInt8], _ recordHeader: RecordHeader, _ summary: RecordSummary, _ sequence: UInt32
  ) throws(RecordingError) -> (header: FrameHeader, bytes: [UInt8]) {
    if gap != nil { group = nil }
    if let group, group.records >= RecordingStream.recordLimit || group.bytes + record.count > RecordingStream.byteLimit
    {
      self.group = nil
    }
    if group == nil { compressor.begin(length: record.count) }
    guard let payload = compressor.compress(record, at: recordHeader.monotonicTime) else {
      group = nil
      throw .compression(path)
    }
    var header = FrameHeader(FrameHeader.Kind.record, sequence: sequence)
    header.position = group?.records ?? 0
    header.rawLength = record.count
    header.wallTime = recordHeader.wallTime
    header.monotonicTime = recordHeader.monotonicTime
    header.summary = summary
    return header.frame(payload, seed: head.seed)
  }

  private func gapFrame(until: UInt64) -> (header: FrameHeader, bytes: [UInt8])? {
    guard let gap else { return nil }
    var header = FrameHeader(FrameHeader.Kind.gap, sequence: sequence)
    header.wallTime = gap.since
    header.monotonicTime = gap.until ?? until
    return header.frame(Array(gap.reason.utf8.prefix(FrameHeader.reasonLimit)), seed: head.seed)
  }

  /// Counts a frame that was written.
  private func note(_ header: FrameHeader) {
    unindexed?.headers.append(header)
    sequence = header.sequence &+ 1
  }

  /// Appends bytes to the file, all or none.
  private func write(_ bytes: [UInt8]) throws(RecordingError) {
    do {
      try file.write(bytes, at: end)
      end += UInt64(bytes.count)
    } catch {
      try? file.cut(to: end)
      throw error
    }
  }

  // MARK: - Index

  private var indexIsDue: Bool {
    (unindexed?.headers.count ?? 0) >= RecordingIndex.interval
  }

  private func writeIndex() throws(RecordingError) {
    guard let pending = unindexed, !pending.headers.isEmpty,
      pending.headers.count <= FrameHeader.indexLimit
    else { return }
    let offset = end
    try write(
      RecordingIndex.frame(
        naming: pending.headers, first: pending.first, after: pending.after, sequence: sequence, seed: head.seed))
    sequence &+= 1
    group = nil
    unindexed = ([], end, offset)
    // Where this cannot be written, the head names an older one: that is right as well.
    try? file.write(head.pointer(to: offset), at: UInt64(RecordingHead.pointer.lowerBound))
  }

  /// A disk that cannot be written to is told by the next record.
  private func synchronize() {
    try? file.synchronize()
    synchronized = System.monotonicTime()
  }
}

extension RecordingFile {
  /// Whether the payload of a frame is what its header says.
  func holds(_ header: FrameHeader, at offset: UInt64) throws(RecordingError) -> Bool {
    let payload = try read(at: offset + UInt64(FrameHeader.byteCount), count: header.payloadLength)
    return payload.count == header.payloadLength && payload.checksum(0..<payload.count) == header.payloadChecksum
  }
}
