// The service's summary: what the header of the screen shows.

import CtxtopSnapshot

/// Sums over the workers that are there, as far as one knows: not over those of a target that does not answer. What
/// happened is counted over all that have a slot.
package struct Totals: Equatable, Sendable {
  /// Workers whose process is there.
  package var workers = 0
  /// Rates over the interval; nil on the first pass.
  package var rates: RateSet?
  /// Requests begun.
  package var requests: UInt64 = 0
  /// Requests being served.
  package var inFlight: UInt64 = 0
  /// Requests that could be served at once; nil where a server does not tell.
  package var capacity: UInt64? = 0
  /// Contexts on stacks, of both kinds.
  package var contextsLive: UInt64 = 0
  /// Of those, contexts left behind.
  package var contextsLeaked: UInt64 = 0
  /// Requests that ran on an app context which they did not push.
  package var contextsReused: UInt64 = 0
  /// Open connections.
  package var connectionsOpen: UInt64 = 0
  /// Connections out of their pools.
  package var connectionsCheckedOut: UInt64 = 0
  /// Of those, connections that nobody is left to return.
  package var connectionsLeaked: UInt64 = 0
  /// The most that the pools give out; nil where one has no limit.
  package var connectionsLimit: UInt64?
  /// Age of the longest checkout in nanoseconds; nil when none is out.
  package var oldestCheckout: UInt64?
  /// Teardown functions that raised.
  package var teardownFailures: UInt64 = 0
  /// Events that were counted but not described.
  package var dropped: UInt64 = 0
  /// Records that could not be read because they were being written.
  package var unstable = 0

  init(_ snapshot: Snapshot, rates: Rates, conditions: [WorkerCondition]) {
    self.rates = rates.total
    var isLimited = true
    var limit: UInt64 = 0
    for index in snapshot.workers.indices {
      let worker = snapshot.workers[index]
      requests &+= worker.counters.requests
      contextsReused &+= worker.counters.contextsReused
      teardownFailures &+= worker.counters.teardownFailures
      dropped &+= worker.counters.dropped.total
      unstable &+= worker.unstable
      guard worker.liveness.isPresent, !worker.isLost else { continue }
      add(worker, conditions[index], snapshot)
      if let own = worker.poolLimit { limit &+= own } else if !worker.engines.isEmpty { isLimited = false }
    }
    connectionsLimit = isLimited && limit > 0 ? limit : nil
    if workers == 0 { capacity = nil }
  }

  private mutating func add(_ worker: Worker, _ condition: WorkerCondition, _ snapshot: Snapshot) {
    workers += 1
    inFlight &+= worker.inFlight
    capacity = capacity.flatMap { sum in worker.capacity.map { sum &+ $0 } }
    contextsLive &+= worker.appDepth &+ worker.requestDepth
    contextsLeaked &+= UInt64(condition.leakedContexts)
    connectionsOpen &+= worker.connectionsOpen
    connectionsLeaked &+= UInt64(condition.leakedConnections)
    for connection in worker.connections where connection.state == .checkedOut {
      connectionsCheckedOut &+= 1
      oldestCheckout = max(oldestCheckout ?? 0, snapshot.age(of: connection.since))
    }
  }
}
