// A histogram in a record, which holds only the buckets that something was counted in: each one's distance from the
// one after the last, and its count. Its quantiles are those of LatencyHistogram, found without filling all buckets.

struct LatencyFields {
  let longest: UInt64
  /// Begins with the first bucket; nothing if there is none.
  private var buckets: FieldCursor
  private var total: UInt64 = 0

  init(_ entity: FieldCursor) {
    buckets = entity
    longest = buckets.varint()
    if buckets.varint() == 0 { buckets = buckets.part(0) }
    var rest = buckets
    var bucket = 0
    while let count = Self.next(&rest, &bucket) { total &+= count }
  }

  @inline(never)
  func quantile(_ fraction: Double) -> UInt64? {
    guard let rank = LatencyHistogram.rank(of: fraction, among: total) else { return nil }
    var rest = buckets
    var bucket = 0
    var seen: UInt64 = 0
    while let count = Self.next(&rest, &bucket) {
      seen &+= count
      if seen >= rank { return LatencyHistogram.latency(in: bucket &- 1, longest: longest) }
    }
    return longest
  }

  /// The count of the next bucket, and where the one after it would be; nil behind the last.
  @inline(__always)
  private static func next(_ rest: inout FieldCursor, _ bucket: inout Int) -> UInt64? {
    if rest.isAtEnd { return nil }
    bucket &+= Int(truncatingIfNeeded: rest.varint() & 0xFF) &+ 1
    let count = rest.varint()
    return bucket <= LatencyHistogram.bucketCount ? count : 0
  }
}
