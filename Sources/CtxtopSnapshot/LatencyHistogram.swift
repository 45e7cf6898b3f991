// Latencies in buckets of logarithmic width, so that a quantile is right within 10 % from a microsecond
// to a quarter of an hour. The agent counts into the buckets, the reader asks for quantiles; where a
// bucket begins and ends is decided here alone.
//
// Eight buckets per power of two: bucket b covers [2^e * (1 + s/8), 2^e * (1 + (s+1)/8)) nanoseconds
// with e = 10 + b/8, s = b%8. Its middle is at most 1/17 (5.9 %) away from any latency in it.

/// Counts of latencies in `bucketCount` buckets.
public struct LatencyHistogram: Equatable, Sendable {
  /// Number of buckets; the first also holds what is shorter, the last what is longer.
  public static let bucketCount = 240
  private static let firstExponent = 10
  private static let bucketsPerOctave = 8

  /// Occurrences per bucket; empty means that all are zero, otherwise `bucketCount` numbers.
  public var counts: [UInt64]
  /// The longest latency seen, in nanoseconds.
  public var longest: UInt64

  /// No latencies.
  public init() {
    counts = []
    longest = 0
  }

  /// The bucket that a latency belongs to: in `0..<bucketCount` for any argument.
  @inline(__always)
  public static func bucket(of nanoseconds: UInt64) -> Int {
    if nanoseconds < 1 << UInt64(firstExponent) { return 0 }
    let exponent = 63 &- nanoseconds.leadingZeroBitCount
    let step = Int(truncatingIfNeeded: (nanoseconds &>> UInt64(exponent &- 3)) & 7)
    let bucket = (exponent &- firstExponent) &* bucketsPerOctave &+ step
    return bucket < bucketCount ? bucket : bucketCount &- 1
  }

  /// Lower bound of a bucket in nanoseconds; `bucket` in `0...bucketCount`.
  public static func lowerBound(of bucket: Int) -> UInt64 {
    let exponent = UInt64(firstExponent + bucket / bucketsPerOctave)
    return (8 + UInt64(bucket % bucketsPerOctave)) << (exponent - 3)
  }

  /// Number of latencies counted.
  public var total: UInt64 { counts.reduce(0, &+) }

  /// The latency below which the given fraction (0...1) of all lie, in nanoseconds, right within 10 %;
  /// nil where there is none.
  public func quantile(_ fraction: Double) -> UInt64? {
    guard let rank = Self.rank(of: fraction, among: total) else { return nil }
    var seen: UInt64 = 0
    for bucket in counts.indices {
      seen &+= counts[bucket]
      if seen >= rank { return Self.latency(in: bucket, longest: longest) }
    }
    return longest
  }

  /// Which of so many latencies, the shortest first, the given fraction lies below; nil where there is none.
  static func rank(of fraction: Double, among total: UInt64) -> UInt64? {
    guard total > 0 else { return nil }
    let exact = fraction * Double(total)
    // Rounded up by hand: `rounded(.up)` asks for the mathematics library, which the extension does without.
    guard exact >= 0, exact < 0x1p63 else { return nil }
    return max(1, UInt64(exact) &+ (Double(UInt64(exact)) < exact ? 1 : 0))
  }

  /// What a latency in a bucket is taken for.
  static func latency(in bucket: Int, longest: UInt64) -> UInt64 {
    let lower = lowerBound(of: bucket)
    let middle = lower + (lowerBound(of: bucket + 1) - lower) / 2
    return longest > 0 ? min(middle, longest) : middle
  }

  /// What was counted after `earlier` was; all of it when `earlier` is not a predecessor.
  public func since(_ earlier: LatencyHistogram) -> LatencyHistogram {
    guard earlier.counts.count == counts.count else { return self }
    var difference = self
    for bucket in counts.indices {
      guard counts[bucket] >= earlier.counts[bucket] else { return self }
      difference.counts[bucket] = counts[bucket] - earlier.counts[bucket]
    }
    return difference
  }
}
