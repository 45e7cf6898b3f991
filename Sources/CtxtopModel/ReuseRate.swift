// How fast the gravest consequence of a leak happens: the only rate that no column shows.

import CtxtopSnapshot

extension Model {
  /// Requests per second that ran on an app context which they did not push; nil where nothing can be compared.
  package var reusedPerSecond: Double? {
    guard let earlier, rates.total != nil else { return nil }
    var sum = 0.0
    for index in now.workers.indices {
      guard let before = rates.earlierIndices[index] else { continue }
      let (old, new) = (earlier.workers[before].counters.contextsReused, now.workers[index].counters.contextsReused)
      guard new > old, let interval = rates.interval(ofWorker: index, earlier, now) else { continue }
      sum += Double(new - old) * 1e9 / Double(interval)
    }
    return sum
  }
}
