// Cuts the bytes of a connection into records, with memory bounded by two records and one read.
//
//   bytes -> [ header | payload ][ header | payload ] ...   or one line `error: ...`

import CtxtopSnapshot

/// The framing of one connection: bytes in, snapshots out. Knows no socket.
package struct RecordStream {
  /// What an exporter answers to a request that it does not want to serve begins with this.
  private static let refusal = Array("error: ".utf8)
  /// Longer complaints are cut.
  private static let refusalLimit = 512

  /// Whether the bytes of a record are wanted besides its snapshot.
  package var keepsRecord = false
  /// Those of the latest snapshot.
  package private(set) var record: [UInt8]?

  private var buffer: [UInt8] = []
  /// How much of a line has no end.
  private var searched = 0
  private var decoder = SeriesDecoder()
  private let path: String

  /// The stream of the connection to `path`, which appears in errors.
  package init(path: String) { self.path = path }

  /// Whether a record has begun and not ended.
  var isInsideRecord: Bool { !buffer.isEmpty }

  /// Lets `body` append to the buffer.
  package mutating func fill<Result>(
    _ body: (inout [UInt8]) throws(SystemError) -> Result
  ) throws(SystemError) -> Result {
    try body(&buffer)
  }

  /// The next complete snapshot; nil: more bytes are needed. After an error the stream is of no more use.
  package mutating func next() throws(StoreError) -> Snapshot? {
    if buffer.isEmpty { return nil }
    if startsLikeRefusal {
      if buffer.contains(10) || buffer.count >= Self.refusalLimit { throw refusedRequest }
      return nil
    }
    do {
      guard let length = try recordLength(), buffer.count >= length else { return nil }
      let snapshot = try decoder.decode(buffer)
      record = keepsRecord ? Array(buffer[..<length]) : nil
      buffer.removeSubrange(..<length)
      return snapshot
    } catch {
      throw describe(error)
    }
  }

  /// What comes next; nil: nothing has come.
  var first: UInt8? { buffer.first }

  /// Takes a line off the front, without its newline; nil: its end has not come. For those who mix lines with records.
  mutating func line(limit: Int) throws(StoreError) -> [UInt8]? {
    // What was looked at before is not looked at again: somebody may send a long line byte by byte.
    guard let end = buffer[searched...].firstIndex(of: 10) else {
      searched = buffer.count
      if searched > limit { throw .notOurProtocol(path) }
      return nil
    }
    searched = 0
    guard end <= limit else { throw .notOurProtocol(path) }
    defer { buffer.removeSubrange(...end) }
    return Array(buffer[..<end])
  }

  /// What it means that nothing more comes, when `reason` says why.
  package func ended(by reason: StoreError) -> StoreError {
    if buffer.isEmpty { return reason }
    return startsLikeRefusal ? refusedRequest : .stalled(path)
  }

  /// Length of the record that the buffer begins with; nil while its header is not complete.
  private func recordLength() throws(RecordError) -> Int? {
    let header = buffer.withUnsafeBytes { bytes in
      Result { () throws(RecordError) in try RecordHeader(bytes) }
    }
    switch header {
    case .success(let header): return RecordHeader.byteCount + header.payloadLength
    // The magic is compared byte by byte as it arrives: what is merely short may still become a record.
    case .failure(.truncated): return nil
    case .failure(let error): throw error
    }
  }

  private func describe(_ error: RecordError) -> StoreError {
    switch error {
    case .notARecord: .notOurProtocol(path)
    case .otherVersion(let version): .otherRecordVersion(path, version: Int(version))
    case .tooLarge: .damagedRecord(path, reason: "it claims more than \(RecordHeader.payloadLimit >> 20) MiB")
    case .truncated: .damagedRecord(path, reason: "it ends too early")
    case .badChecksum: .damagedRecord(path, reason: "its checksum does not match")
    case .malformed(let offset): .damagedRecord(path, reason: "it contradicts itself at byte \(offset)")
    }
  }

  private var startsLikeRefusal: Bool {
    zip(buffer, Self.refusal).allSatisfy { $0 == $1 }
  }

  private var refusedRequest: StoreError {
    let line = buffer.prefix(Self.refusalLimit).dropFirst(Self.refusal.count).prefix { $0 != 10 }
    // The words come from the other side and go to a terminal: printable ASCII only.
    let printable = line.map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }
    return .refusedRequest(path, message: String(decoding: printable, as: UTF8.self))
  }
}
