// Rates, from two snapshots and nowhere else. A worker is compared with itself only: with the tenant of
// the same slot of the same generation. What cannot be compared has no rate; a first rate is never made up.

import CtxtopSnapshot

/// What changed in one worker, or in the whole service, per second.
package struct RateSet: Equatable, Sendable {
  /// Requests begun per second.
  package var requests: Double = 0
  /// Exceptions that left the application, per second.
  package var exceptions: Double = 0
  /// Teardown functions that raised, per second.
  package var teardownFailures: Double = 0
  /// Share of one processor; nil where the kernel was not asked twice.
  package var cpuPercent: Double?
  /// Median latency of the requests that ended in the interval; nil where none did.
  package var p50: UInt64?
  /// The latency that one request in a hundred exceeded.
  package var p99: UInt64?
}

/// The difference of two snapshots.
package struct Rates: Equatable, Sendable {
  /// Nanoseconds between the two; nil when there is nothing to compare with.
  package var interval: UInt64?
  /// One for each worker of the newer snapshot; nil for a worker that the older one does not have.
  package var workers: [RateSet?]
  /// All comparable workers together; nil when there is none.
  package var total: RateSet?
  /// Where each worker of the newer snapshot stands in the older one; nil where it does not, or where both tell of it
  /// from the same pass.
  var earlierIndices: [Int?]
  /// What a document says of each worker's use of the processor; nil: this is of no document.
  private var toldPercents: [Double?]?

  /// Whether nothing was compared here, and somebody else's conclusions are told.
  var isTold: Bool { toldPercents != nil }

  /// The share of one processor that a worker used; nil where that is not known.
  package func cpuPercent(ofWorker index: Int) -> Double? {
    toldPercents.map { $0[index] } ?? workers[index]?.cpuPercent
  }

  /// Nothing to compare with, and what was told all the same: one for each worker.
  init(toldPercents: [Double?], of now: Snapshot) {
    self.init(from: nil, to: now)
    self.toldPercents = toldPercents
  }

  package init(from earlier: Snapshot?, to now: Snapshot) {
    workers = [RateSet?](repeating: nil, count: now.workers.count)
    earlierIndices = [Int?](repeating: nil, count: now.workers.count)
    guard let earlier, now.monotonicTime > earlier.monotonicTime else { return }
    interval = now.monotonicTime - earlier.monotonicTime
    var latency = LatencyDifference()
    var sum = RateSet()
    var isKnown = false
    for index in now.workers.indices {
      // Of what is lost nothing is known for the time that passes.
      guard !now.workers[index].isLost, let before = earlier.index(of: now.workers[index], hint: index) else {
        continue
      }
      let passed = now.time(from: earlier.workers[before], in: earlier, to: now.workers[index])
      guard passed > 0 else { continue }
      earlierIndices[index] = before
      let seconds = Double(passed) / 1e9
      guard let rates = Self.rates(from: earlier.workers[before], to: now.workers[index], seconds, &latency) else {
        continue
      }
      workers[index] = rates
      isKnown = true
      sum.requests += rates.requests
      sum.exceptions += rates.exceptions
      sum.teardownFailures += rates.teardownFailures
      if let percent = rates.cpuPercent { sum.cpuPercent = (sum.cpuPercent ?? 0) + percent }
    }
    guard isKnown else { return }
    (sum.p50, sum.p99) = latency.ofAll()
    total = sum
  }

  private static func rates(
    from before: Worker, to now: Worker, _ seconds: Double, _ latency: inout LatencyDifference
  ) -> RateSet? {
    let new = now.counters
    let old = before.counters
    guard new.requests >= old.requests, new.exceptions >= old.exceptions, new.teardownFailures >= old.teardownFailures
    else { return nil }
    var rates = RateSet()
    rates.requests = Double(new.requests - old.requests) / seconds
    rates.exceptions = Double(new.exceptions - old.exceptions) / seconds
    rates.teardownFailures = Double(new.teardownFailures - old.teardownFailures) / seconds
    if let sample = now.kernel, let previous = before.kernel, sample.time > previous.time,
      sample.cpuTime >= previous.cpuTime
    {
      rates.cpuPercent = 100 * Double(sample.cpuTime - previous.cpuTime) / Double(sample.time - previous.time)
    }
    (rates.p50, rates.p99) = latency.between(before.latency, now.latency)
    return rates
  }
}

/// Latencies of an interval, without a new array per worker.
private struct LatencyDifference {
  private var scratch = LatencyHistogram()
  private var all = LatencyHistogram()
  private let nothing = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)

  init() {
    scratch.counts = nothing
    all.counts = nothing
  }

  mutating func between(_ old: LatencyHistogram, _ new: LatencyHistogram) -> (UInt64?, UInt64?) {
    guard new.counts.count == LatencyHistogram.bucketCount else { return (nil, nil) }
    // Mostly nothing was counted, and mostly it is one array: that is known without a look at the buckets.
    if old.counts == new.counts { return (nil, nil) }
    let before = old.counts.count == new.counts.count ? old.counts : nothing
    let total = subtract(before, from: new.counts)
    guard total > 0 else { return (nil, nil) }
    scratch.longest = new.longest
    all.longest = max(all.longest, new.longest)
    return (scratch.quantile(0.5), scratch.quantile(0.99))
  }

  /// Without bounds checks: this runs for every bucket of every worker.
  private mutating func subtract(_ old: [UInt64], from new: [UInt64]) -> UInt64 {
    old.withUnsafeBufferPointer { old in
      new.withUnsafeBufferPointer { new in
        scratch.counts.withUnsafeMutableBufferPointer { difference in
          all.counts.withUnsafeMutableBufferPointer { all in
            var total: UInt64 = 0
            for bucket in 0..<min(old.count, new.count, difference.count, all.count) {
              let count = new[bucket] > old[bucket] ? new[bucket] &- old[bucket] : 0
              difference[bucket] = count
              all[bucket] &+= count
              total &+= count
            }
            return total
          }
        }
      }
    }
  }

  func ofAll() -> (UInt64?, UInt64?) { (all.quantile(0.5), all.quantile(0.99)) }
}

extension Rates {
  /// Nanoseconds between the two passes that tell of a worker; nil when there is nothing to compare with.
  func interval(ofWorker index: Int, _ earlier: Snapshot?, _ now: Snapshot) -> UInt64? {
    guard let earlier, let before = earlierIndices[index] else { return nil }
    return now.time(from: earlier.workers[before], in: earlier, to: now.workers[index])
  }
}

extension Snapshot {
  /// Nanoseconds between the two passes that tell of a worker, the later one being of this snapshot; 0: it is one pass.
  func time(from before: Worker, in earlier: Snapshot, to now: Worker) -> UInt64 {
    let (start, end) = (before.seen ?? earlier.monotonicTime, now.seen ?? monotonicTime)
    return end > start ? end - start : 0
  }

  /// The index of the same tenant of the same slot; `hint` is where it most likely is.
  func index(of worker: Worker, hint: Int) -> Int? {
    if hint < workers.count, isSame(workers[hint], worker) { return hint }
    return workers.firstIndex { isSame($0, worker) }
  }

  private func isSame(_ one: Worker, _ other: Worker) -> Bool {
    one.slot == other.slot && one.generation == other.generation && one.pid == other.pid
  }
}
