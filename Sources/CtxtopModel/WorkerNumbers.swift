// The numbers of a worker that are remembered over time. They are columns of its table; here they are taken without
// a column's call and value, because it happens for every worker at every snapshot.

import CtxtopSnapshot

/// The values of some columns of a worker's row.
package struct WorkerNumbers: Sendable {
  /// The ids of those columns.
  package static let columns = [
    "requests_per_second", "in_flight", "contexts_leaked", "connections_checked_out", "latency_p99", "cpu_percent",
    "rss_bytes",
  ]

  private let values: (Double, Double, Double, Double, Double, Double, Double)

  init(_ model: Model, worker index: Int) {
    if model.now.workers[index].isLost {
      values = (.nan, .nan, .nan, .nan, .nan, .nan, .nan)
      return
    }
    let rates = model.rates.workers[index]
    values = (
      rates?.requests ?? .nan, Double(model.now.workers[index].inFlight),
      Double(model.conditions[index].leakedContexts), Double(model.now.workers[index].connectionsCheckedOut),
      (rates?.p99).map { Double($0) } ?? .nan, model.rates.cpuPercent(ofWorker: index) ?? .nan,
      (model.now.workers[index].kernel?.residentBytes).map { Double($0) } ?? .nan
    )
  }

  /// The value of the column at an index of `columns`; NaN: not known.
  package subscript(_ index: Int) -> Double {
    switch index {
    case 0: values.0
    case 1: values.1
    case 2: values.2
    case 3: values.3
    case 4: values.4
    case 5: values.5
    case 6: values.6
    default: .nan
    }
  }
}

extension Model {
  /// The numbers of each worker, in the snapshot's order, with who it is and which process.
  package func forEachWorkersNumbers(limit: Int, _ body: (WorkerKey, Int32, WorkerNumbers) -> Void) {
    for index in 0..<min(limit, now.workers.count) {
      let key = WorkerKey(slot: now.workers[index].slot, generation: now.workers[index].generation)
      body(key, now.workers[index].pid, WorkerNumbers(self, worker: index))
    }
  }
}
