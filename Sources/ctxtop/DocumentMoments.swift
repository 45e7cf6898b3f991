// JSON documents, moment by moment.

import CtxtopModel
import CtxtopReport
import CtxtopStore

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
