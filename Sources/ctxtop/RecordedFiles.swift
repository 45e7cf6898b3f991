// What `ctxtop record` writes: one app's records, into one file after the other. Want of room is waited out; other
// trouble ends it.
//
//   RecordingWriter (CtxtopStore)  one file       Rotation.swift  when it is the next one's turn

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// The files of one recording, and what is in them so far.
final class RecordedFiles {
  private let rotation: Rotation
  private let interval: UInt64
  private let note: (String) -> Void
  private var writer: RecordingWriter?
  private var hasForeignRecords = false
  /// The app; empty before the first record.
  private(set) var service = ""
  /// Records in all files.
  private(set) var count = 0
  /// The latest snapshot that was taken.
  private(set) var last: Snapshot?
  /// Whether the latest record was lost for want of room.
  private(set) var hasNoRoom = false

  /// Files at `rotation`'s place with a record every `interval` nanoseconds; `note` shows a line to whoever looks.
  init(_ rotation: Rotation, interval: UInt64, note: @escaping (String) -> Void) {
    self.rotation = rotation
    self.interval = interval
    self.note = note
  }

  /// Where the present file is.
  var path: String { rotation.path }

  /// Bytes of the present file; nil: there is none yet.
  var byteCount: UInt64? { writer.map { UInt64($0.byteCount) } }

  /// What is there and is no recording is told at once, and not when the app has come.
  func check() throws {
    guard let status = try? System.status(rotation.path) else { return }
    do throws(RecordingError) {
      try RecordingWriter.check(rotation.path, status)
    } catch {
      throw failure(error)
    }
  }

  /// Takes a record and what it says. `loss`: why nothing came for a while, if it did not. False: it is of another app.
  func take(_ record: [UInt8], _ snapshot: Snapshot, afterLoss loss: String?) throws -> Bool {
    guard isOurs(snapshot) else { return false }
    let earlier = last.flatMap { $0.monotonicTime < snapshot.monotonicTime ? $0 : nil }
    let summary = RecordSummary(Model(now: snapshot, earlier: earlier))
    do throws(RecordingError) {
      try append(record, summary, snapshot, loss)
      if hasNoRoom { note("ctxtop: writing \(rotation.path): there is room again; recording goes on") }
      hasNoRoom = false
      count += 1
    } catch {
      try waitOut(error)
    }
    last = snapshot
    if let writer, writer.isFull || rotation.isDue(writer, now: snapshot.wallTime) { try beginNewFile() }
    return true
  }

  /// The present file becomes an old one; the next record begins another.
  func beginNewFile() throws {
    guard let writer, let began = writer.began else { return }
    self.writer = nil
    try close(writer)
    try rotation.retire(began: began)
    if let failure = rotation.prune(service: service) { note(failure.line) }
  }

  /// Ends the present file.
  func close() throws {
    if let writer { try close(writer) }
    writer = nil
  }

  /// One file is of one app: where another answers at the same place, it is not recorded.
  private func isOurs(_ snapshot: Snapshot) -> Bool {
    if service.isEmpty { service = snapshot.service }
    if snapshot.service == service { return true }
    if !hasForeignRecords {
      note("ctxtop: recording \(service): what answers is \(snapshot.service) now; waiting for \(service)")
    }
    hasForeignRecords = true
    return false
  }

  private func append(
    _ record: [UInt8], _ summary: RecordSummary, _ snapshot: Snapshot, _ loss: String?
  ) throws(RecordingError) {
    let writer = try opened(snapshot)
    if let last, let reason = gap(between: last, and: snapshot, loss) {
      try writer.markGap(since: last.wallTime, until: snapshot.wallTime, reason: reason)
    }
    try writer.append(record, summary: summary)
  }

  private func opened(_ snapshot: Snapshot) throws(RecordingError) -> RecordingWriter {
    if let writer { return writer }
    let wasThere = (try? System.linkStatus(rotation.path)) != nil
    let opened: RecordingWriter
    do throws(RecordingError) {
      opened = try RecordingWriter(
        path: rotation.path, service: snapshot.service, host: snapshot.host, isDurable: true)
    } catch {
      // A file that has no room for its head is nobody's recording.
      if !wasThere, error.isNoRoom { try? System.unlink(rotation.path) }
      throw error
    }
    for line in opened.damage { note("ctxtop: going on with \(rotation.path): \(line); the rest is kept") }
    writer = opened
    return opened
  }

  /// Why there are no records between two snapshots that are too far apart; nil: they are not.
  private func gap(between last: Snapshot, and next: Snapshot, _ loss: String?) -> String? {
    guard next.monotonicTime > last.monotonicTime else { return "the host's clock began anew" }
    guard next.monotonicTime - last.monotonicTime > 2 * interval + 500_000_000 else { return nil }
    return loss ?? "snapshots were missed"
  }

  /// Without room for the very first record there is nothing to go on with.
  private func waitOut(_ error: RecordingError) throws {
    guard error.isNoRoom, count > 0 || hasNoRoom || writer != nil else { throw failure(error) }
    if !hasNoRoom { note("ctxtop: \(failure(error).told); trying again with each record") }
    hasNoRoom = true
  }

  /// Without room there is no index; the file is whole without it.
  private func close(_ writer: RecordingWriter) throws {
    do throws(RecordingError) {
      try writer.close()
    } catch {
      guard error.isNoRoom else { throw failure(error) }
      if !hasNoRoom { note("ctxtop: \(failure(error).told); the records are in it") }
    }
  }

  /// What is meant to be written to reads differently from what is meant to be read.
  private func failure(_ error: RecordingError) -> Failure {
    var failure = Failure(error)
    switch error {
    case .system(let error, let path) where !error.isNoRoom:
      failure = Failure("writing \(path)", error.description, "choose a file that you can write to", .cannotCreate)
    case .notARecording, .otherVersion, .damaged:
      failure.tried = "recording into \(rotation.path)"
      failure.remedy = "choose another file"
      failure.status = .cannotCreate
    default: break
    }
    return failure
  }
}

extension Failure {
  /// What was tried and what happened, without what could be done.
  fileprivate var told: String { "\(tried): \(happened)" }
}
