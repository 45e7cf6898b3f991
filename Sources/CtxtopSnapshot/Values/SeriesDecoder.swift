// Reads the records of one source one after the other. They tell mostly the same, and what is told again is not read
// again (KnownWorker.swift).

/// Turns records into snapshots as `RecordDecoder` does, the later ones at less cost. Keeps one record in memory.
public struct SeriesDecoder {
  /// A longer payload is not kept.
  private static let limit = 8 << 20

  private var payload: [UInt8] = []
  private var known: [KnownWorker] = []

  /// A decoder that has seen no record.
  public init() {}

  /// The snapshot of the record at the beginning of `bytes`; bytes behind it are ignored.
  public mutating func decode(_ bytes: UnsafeRawBufferPointer) throws(RecordError) -> Snapshot {
    let (snapshot, payload) = try read(bytes)
    keep(payload)
    return snapshot
  }

  /// The snapshot of the record at the beginning of `bytes`.
  public mutating func decode(_ bytes: [UInt8]) throws(RecordError) -> Snapshot {
    try bytes.withUnsafeBufferPointer { (bytes) throws(RecordError) in try decode(UnsafeRawBufferPointer(bytes)) }
  }

  /// After an error nothing is known.
  private mutating func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(RecordError) -> (Snapshot, UnsafeRawBufferPointer) {
    let before = payload
    return try before.withUnsafeBufferPointer { (before) throws(RecordError) in
      var reader = RecordReader(before: UnsafeRawBufferPointer(before))
      swap(&reader.known, &known)
      let result = try reader.record(bytes)
      swap(&reader.known, &known)
      return result
    }
  }

  private mutating func keep(_ payload: UnsafeRawBufferPointer) {
    self.payload.removeAll(keepingCapacity: payload.count <= Self.limit)
    if payload.count <= Self.limit {
      self.payload.append(contentsOf: payload)
    } else {
      known = []
    }
  }
}
