// A recording of what comes while somebody watches: a new file of its own each time.

import CtxtopDashboard
import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A recording that is being made. It is a file once there is something in it.
final class Tape {
  /// What came of a record.
  enum Outcome {
    /// It is the first one, in this file.
    case began(String, SavedRecords)
    case saved(SavedRecords)
    /// There was no room for it; said once until there is.
    case noRoom(SavedRecords, Failure)
    /// Nothing can be recorded any more.
    case failed(Failure)
  }

  /// A loss of the connection that is shorter is no gap, in nanoseconds: one leader may follow the other before.
  private static let leastGap: UInt64 = 3_000_000_000

  private let directory: String
  private var writer: RecordingWriter?
  private var last: Snapshot?
  /// Why nothing came since the last record; nil: something did.
  private var loss: String?
  private var isOutOfRoom = false
  /// Where the file is; nil: there is none yet.
  private(set) var place: String?

  /// A recording in a directory.
  init(in directory: String) { self.directory = directory }

  /// How far it is.
  var saved: SavedRecords { SavedRecords(count: writer?.recordCount ?? 0, bytes: writer?.byteCount ?? 0) }

  /// Adds a record that came; they are wanted every `interval` nanoseconds.
  func append(_ record: [UInt8], _ snapshot: Snapshot, interval: UInt64) -> Outcome {
    do throws(RecordingError) {
      let isFirst = self.writer == nil
      let writer = if let known = self.writer { known } else { try begin(with: snapshot) }
      try markGap(before: snapshot, in: writer, interval)
      let isComparable = last.map { $0.monotonicTime < snapshot.monotonicTime } ?? false
      try writer.append(record, summary: RecordSummary(Model(now: snapshot, earlier: isComparable ? last : nil)))
      (last, loss, isOutOfRoom) = (snapshot, nil, false)
      return isFirst ? .began(place ?? writer.path, saved) : .saved(saved)
    } catch {
      // What is compared with the next record must be in the file.
      last = nil
      let failure = Failure(error)
      guard error.isNoRoom, writer != nil else { return .failed(failure) }
      defer { isOutOfRoom = true }
      return isOutOfRoom ? .saved(saved) : .noRoom(saved, failure)
    }
  }

  /// The connection is lost.
  func lose(_ reason: String) { loss = loss ?? reason }

  /// Makes the file whole.
  func close() throws(Failure) {
    do throws(RecordingError) { try writer?.close() } catch { throw Failure(error) }
  }

  private func markGap(
    before snapshot: Snapshot, in writer: RecordingWriter, _ interval: UInt64
  ) throws(RecordingError) {
    guard let last, let loss, snapshot.wallTime > last.wallTime else { return }
    let length = snapshot.wallTime - last.wallTime
    guard length >= max(Self.leastGap, interval &* 2) else { return }
    try writer.markGap(since: last.wallTime, until: snapshot.wallTime, reason: loss)
    self.last = nil
  }

  private func begin(with snapshot: Snapshot) throws(RecordingError) -> RecordingWriter {
    let stem = SnapshotFile.stem(of: snapshot)
    var name = "\(stem).ctxtop"
    var number = 2
    while number < 1_000, (try? System.linkStatus("\(directory)/\(name)")) != nil {
      name = "\(stem)-\(number).ctxtop"
      number += 1
    }
    let path = "\(directory)/\(name)"
    let writer: RecordingWriter
    do {
      writer = try RecordingWriter(path: path, service: snapshot.service, host: snapshot.host)
    } catch {
      // What was begun and could not be is nobody's recording.
      if case .inUse = error { throw error }
      try? System.unlink(path)
      throw error
    }
    self.writer = writer
    place = "\(name) in \(System.realPath(directory) ?? directory)"
    return writer
  }
}
