// What a file holds of an app: one moment after the other, each as a model. Recordings and JSON look the same from here.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopStore

/// The moments that a file holds, in its order.
protocol Archive: AnyObject {
  /// Where it is.
  var path: String { get }
  /// How many moments there are.
  var count: Int { get }
  /// When a moment was: nanoseconds since 1970.
  func wallTime(at index: Int) throws -> UInt64
  /// What is known of a moment.
  func model(at index: Int) throws -> Model
  /// What was left behind between two moments and is not at either, as far as a look at every moment is not needed.
  func passing(between first: Int, and last: Int) -> Passing?
  /// Why nothing is known between a time and the moment before it; nil: something is, or nothing was missed.
  func absence(at wallTime: UInt64, after index: Int) -> String?
}

extension Archive {
  func passing(between first: Int, and last: Int) -> Passing? { nil }

  /// The moment that is meant: the last one that is not later than the time. Says so when nothing was seen then.
  func index(at time: TimeReference?) throws -> Int {
    guard count > 0 else {
      throw Failure("reading \(path)", "nothing was recorded in it yet", "give another file", .badData)
    }
    guard let time else { return count - 1 }
    let (first, last) = (try wallTime(at: 0), try wallTime(at: count - 1))
    let wanted = time.wallTime(first: first, last: last)
    guard let index = try lastIndex(notAfter: wanted), wanted <= last || index < count - 1 else {
      throw Failure(
        "looking at \(time.text) in \(path)",
        "it shows \(count == 1 ? Self.text(first) : "\(Self.text(first)) to \(Self.text(last))")",
        "give a time of these", .usage)
    }
    if let reason = absence(at: wanted, after: index) {
      Failure.note(
        "ctxtop: looking at \(time.text) in \(path): \(reason); showing \(Self.text(try wallTime(at: index)))")
    }
    return index
  }

  /// Clocks are set: the moments need not be in the order of time.
  private func lastIndex(notAfter time: UInt64) throws -> Int? {
    var index = count - 1
    while index >= 0 {
      if try wallTime(at: index) <= time { return index }
      index -= 1
    }
    return nil
  }

  private static func text(_ wallTime: UInt64) -> String { String(Format.time(wallTime).prefix(19)) + "Z" }
}

/// A recording.
final class RecordedMoments: Archive {
  let path: String
  private let reader: RecordingReader

  init(_ path: String) throws {
    self.path = path
    do { reader = try RecordingReader(path: path) } catch { throw Failure(error) }
    for line in reader.damage { Failure.note("ctxtop: reading \(path): \(line); showing the rest") }
  }

  var count: Int { reader.entries.count }

  func wallTime(at index: Int) throws -> UInt64 { reader.entries[index].wallTime }

  /// Compared with the record before, where there is one that it can be compared with.
  func model(at index: Int) throws -> Model {
    do throws(RecordingError) {
      let now = try reader.snapshot(at: index)
      let earlier = reader.predecessor(of: index).flatMap { try? reader.snapshot(at: $0) }
      return Model(now: now, earlier: earlier?.service == now.service ? earlier : nil)
    } catch {
      throw Failure(error)
    }
  }

  /// By what stands in the index of each record.
  func passing(between first: Int, and last: Int) -> Passing? {
    guard first < last else { return nil }
    let ends = [reader.entries[first].summary, reader.entries[last].summary]
    let known = (
      contexts: ends.map(\.leakedContexts).max() ?? 0, connections: ends.map(\.leakedConnections).max() ?? 0
    )
    var most: (excess: UInt64, index: Int) = (0, first)
    for index in first..<last {
      let summary = reader.entries[index].summary
      let excess =
        UInt64(max(summary.leakedContexts, known.contexts) - known.contexts)
        + UInt64(max(summary.leakedConnections, known.connections) - known.connections)
      if excess > most.excess { most = (excess, index) }
    }
    guard most.excess > 0 else { return nil }
    let entry = reader.entries[most.index]
    return Passing(
      contexts: max(entry.summary.leakedContexts, known.contexts) - known.contexts,
      connections: max(entry.summary.leakedConnections, known.connections) - known.connections,
      wallTime: entry.wallTime)
  }

  func absence(at wallTime: UInt64, after index: Int) -> String? {
    guard wallTime > reader.entries[index].wallTime, let gap = reader.gaps.first(where: { $0.before == index + 1 }),
      wallTime < gap.until
    else { return nil }
    return "nothing was recorded then (\(gap.reason))"
  }
}

/// One JSON document, or several, a line each.
final class DocumentMoments: Archive {
  /// So much of a line is enough to find its time, unless somebody has written it anew.
  private static let head = 4096

  let path: String
  private let file: LineFile
  private let places: [Range<UInt64>]

  init(_ path: String) throws {
    self.path = path
    do throws(StoreError) {
      file = try LineFile(path: path)
      // A document that was written anew may have many lines; then its first one alone is none.
      let first = file.lines.first.map { $0.upperBound } ?? 0
      let isMany = file.lines.count > 1 && first <= SnapshotDocument.limit
      let hasOneALine = isMany ? SnapshotDocument.isWhole(try file.bytes(0..<first)) : false
      places = hasOneALine ? file.lines : [0..<file.byteCount]
    } catch {
      throw Failure(error)
    }
    if file.hasTooMany {
      throw Failure(
        "reading \(path)", "it has more than \(LineFile.lineLimit) lines", "split it, or record with `ctxtop record`",
        .badData)
    }
  }

  var count: Int { places.count }

  func wallTime(at index: Int) throws -> UInt64 {
    let time: UInt64?
    do {
      time =
        try SnapshotDocument.wallTime(file.bytes(places[index], limit: Self.head))
        ?? SnapshotDocument.wallTime(file.bytes(places[index], limit: SnapshotDocument.limit))
    } catch let error as StoreError {
      throw Failure(error)
    }
    guard let time else { throw failure(DocumentError(place: "time", reason: .notA("a time")), at: index) }
    return time
  }

  func model(at index: Int) throws -> Model { try document(at: index).model }

  /// A document, with what it says was concluded.
  func document(at index: Int) throws -> SnapshotDocument {
    do {
      // One byte more than may be, so that what is too long is seen to be.
      return try SnapshotDocument(file.bytes(places[index], limit: SnapshotDocument.limit + 1))
    } catch let error as DocumentError {
      throw failure(error, at: index)
    } catch let error as StoreError {
      throw Failure(error)
    }
  }

  func absence(at wallTime: UInt64, after index: Int) -> String? { nil }

  private func failure(_ error: DocumentError, at index: Int) -> Failure {
    Failure(error, in: count > 1 ? "\(path), document \(index + 1)" : path)
  }
}

extension Place {
  /// What a file holds; nil for an app.
  func archive() throws -> (any Archive)? {
    switch self {
    case .live: nil
    case .recording(let path): try RecordedMoments(path)
    case .document(let path): try DocumentMoments(path)
    }
  }
}
