// Latencies as a histogram of Prometheus. The agent counts into eight buckets an octave, and each power of two is a
// bound of one: these are passed on, so that nothing is guessed. There is no sum of all latencies to pass on.

internal import CtxtopModel
import CtxtopSnapshot

extension Metric {
  /// Latencies of all requests of each worker since it attached.
  static var duration: Metric {
    .workers(
      "request_duration_seconds", .histogram, of: .all,
      "Time from a request's first line to its response's last, since the worker attached."
    ) { row in
      // JSON tells of quantiles, not of counts; nor does it tell when a worker attached.
      row.worker.attached > 0 ? samples(of: row.worker.latency, row.labels) : []
    }
  }

  /// The exponents of the bounds: 2^17 ns is 0.13 ms, 2^36 ns is 69 s.
  static let exponents = 17...36

  private static func samples(of latency: LatencyHistogram, _ labels: [Sample.Label]) -> [Sample] {
    var samples: [Sample] = []
    var bucket = 0
    var count: UInt64 = 0
    for exponent in exponents {
      let bound = UInt64(1) << UInt64(exponent)
      while bucket < latency.counts.count, LatencyHistogram.lowerBound(of: bucket) < bound {
        count &+= latency.counts[bucket]
        bucket += 1
      }
      samples.append(Sample(labels + [("le", Number.seconds(bound).text)], .count(count), suffix: "_bucket"))
    }
    samples.append(Sample(labels + [("le", "+Inf")], .count(latency.total), suffix: "_bucket"))
    samples.append(Sample(labels, .count(latency.total), suffix: "_count"))
    return samples
  }
}
