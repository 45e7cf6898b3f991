// Teardown failures per minute. Two passes a fifth of a second apart say nothing about a minute; what does are the
// counters a while apart, or the failures' own records: each tells when it happened first, when last, and how often.

import CtxtopSnapshot

/// Finds how often teardown functions raise.
package enum FailureRate {
  private static let minute: UInt64 = 60_000_000_000

  /// Of the last minute, as far as the records tell: those that began in it count in full, those that ended before it
  /// not at all; of the others at least the last one lies in it, and the first does not.
  package static func recorded(in snapshot: Snapshot) -> CheckValue {
    let since = snapshot.wallTime > minute ? snapshot.wallTime - minute : 0
    var (low, high): (UInt64, UInt64) = (0, 0)
    for worker in snapshot.workers {
      var described: UInt64 = 0
      for failure in worker.failures {
        described &+= failure.count
        if failure.last < since || failure.count == 0 { continue }
        let isRecent = failure.first >= since
        low &+= isRecent ? failure.count : 1
        high &+= isRecent ? failure.count : max(failure.count - 1, 1)
      }
      // Nobody knows when those were for which there was no record.
      if worker.counters.teardownFailures > described { high &+= worker.counters.teardownFailures - described }
    }
    return CheckValue(from: Double(low), to: Double(high))
  }

  /// Of the last minute before the later of two moments that are at least a minute apart. Of a longer time the counters
  /// tell the most that there can have been.
  package static func recorded(in difference: Difference) -> CheckValue {
    let recorded = recorded(in: difference.after.now)
    let change = difference.total(.teardownFailures)
    guard difference.interval >= minute, !change.isAtLeast, let count = change.change else { return recorded }
    if difference.interval < minute + minute / 2, let rate = counted(difference) { return rate }
    return CheckValue(from: min(recorded.low, Double(count)), to: min(recorded.high ?? .infinity, Double(count)))
  }

  /// What the counters say of the time between two moments, as a rate; nil where no time lies between them.
  package static func counted(_ difference: Difference) -> CheckValue? {
    guard difference.interval > 0 else { return nil }
    let change = difference.total(.teardownFailures)
    let rate = Double(change.change ?? 0) * Double(minute) / Double(difference.interval)
    return CheckValue(from: rate, to: change.isAtLeast ? nil : rate)
  }
}
