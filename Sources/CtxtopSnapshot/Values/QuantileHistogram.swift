// A histogram from what JSON says of one: its quantiles and the longest latency, to the microsecond. It says the same
// again, and nothing else can be asked of it.

extension LatencyHistogram {
  /// A histogram with these quantiles, in nanoseconds, as far as there can be one.
  public init(p50: UInt64?, p99: UInt64?, longest: UInt64?) {
    self.init()
    // Less than a microsecond is written as 0, and still longer than nothing.
    self.longest = longest.map { max($0, 1) } ?? 0
    guard let p50 else { return }
    let first = bucket(of: p50) { $0 < $1 }
    let last = max(first, bucket(of: p99 ?? p50) { $0 <= $1 })
    counts = [UInt64](repeating: 0, count: Self.bucketCount)
    counts[first] += 1
    // Of two latencies, the median is the shorter one.
    if last != first { counts[last] += 1 }
  }

  /// The bucket whose latency comes nearest to what was written; of several, the first or the last.
  private func bucket(of nanoseconds: UInt64, isBetter: (UInt64, UInt64) -> Bool) -> Int {
    var best = 0
    var distance = UInt64.max
    for bucket in 0..<Self.bucketCount {
      let latency = Self.latency(in: bucket, longest: longest) / 1000 * 1000
      let own = latency > nanoseconds ? latency - nanoseconds : nanoseconds - latency
      if bucket == 0 || isBetter(own, distance) { (best, distance) = (bucket, own) }
    }
    return best
  }
}
