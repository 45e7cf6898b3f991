// A dump as a recording: the passes that it was made of, so that a replay concludes the same from them.
//
// What must hold: what a record was compared with lies right before it, or a gap does.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A recording that models are written into.
final class DumpedRecording {
  private let path: String
  private let isWhole: Bool
  /// Where it is until it is whole.
  private let place: String
  private var writer: RecordingWriter?
  private var last: Snapshot?

  /// Replaces what is at the path: as a whole, or, for a series that may take long, as it comes.
  init(_ path: String, isWhole: Bool) throws {
    let existing = try? System.status(path)
    if let existing, existing.kind != .regular {
      throw Failure("recording into \(path)", "it is not a file", "choose a file", .cannotCreate)
    }
    // Through a link, the file that it leads to is replaced, and not the link.
    let path = System.realPath(path) ?? path
    self.path = path
    self.isWhole = isWhole
    place = isWhole ? ResultFile.temporaryPath(for: path) : path
    if !isWhole, existing != nil {
      do { try System.unlink(path) } catch {
        throw Failure("replacing \(path)", error.description, "choose another file", .cannotCreate)
      }
    }
  }

  /// Writes all models of a series; a file that is not whole is left behind only where a part of it is of use.
  static func write(_ series: Series, to path: String) throws {
    if case .document(let document) = series.place {
      throw Failure(
        "recording \(document)", "JSON does not hold the records that it was made from",
        "give an app or a recording", .usage)
    }
    let recording = try DumpedRecording(path, isWhole: series.count == 1)
    do {
      try series.run { try recording.append($0) }
      try recording.close()
    } catch {
      recording.abandon()
      throw error
    }
  }

  private func append(_ model: Model) throws {
    do throws(RecordingError) {
      let writer = if let begun = self.writer { begun } else { try begin(model.now) }
      if let earlier = model.earlier {
        if earlier.monotonicTime != last?.monotonicTime { try append(earlier, Model(now: earlier), to: writer) }
      } else if let last {
        try writer.markGap(since: last.wallTime, until: model.now.wallTime, reason: "the two cannot be compared")
      }
      try append(model.now, model, to: writer)
    } catch {
      throw failure(error)
    }
  }

  /// About the file that was asked for, wherever it is until it is whole.
  private func failure(_ error: RecordingError) -> Failure {
    guard case .system(let cause, _) = error else { return Failure(error) }
    if writer != nil || cause.isNoRoom { return Failure(RecordingError.system(cause, path: path)) }
    return Failure("creating \(path)", cause.description, "choose a directory that you can write to", .cannotCreate)
  }

  private func begin(_ first: Snapshot) throws(RecordingError) -> RecordingWriter {
    do throws(RecordingError) {
      let writer = try RecordingWriter(path: place, service: first.service, host: first.host)
      self.writer = writer
      return writer
    } catch {
      // What was there has been removed before: this is what there was no room for.
      if error.isNoRoom { try? System.unlink(place) }
      throw error
    }
  }

  private func append(
    _ snapshot: Snapshot, _ model: Model, to writer: RecordingWriter
  ) throws(RecordingError) {
    try writer.append(RecordEncoder.encode(snapshot), summary: RecordSummary(model))
    last = snapshot
  }

  private func close() throws {
    do throws(RecordingError) { try writer?.close() } catch { throw failure(error) }
    guard isWhole else { return }
    do { try System.rename(place, to: path) } catch {
      throw Failure("writing \(path)", error.description, "choose another file", .cannotCreate)
    }
  }

  private func abandon() {
    try? writer?.close()
    if isWhole || writer?.recordCount == 0 { try? System.unlink(place) }
  }
}
