// A row of the workers' table.

import CtxtopSnapshot

/// One worker.
package struct WorkerRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The worker's index in the snapshot.
  package let index: Int

  /// The row of a worker.
  package init(_ model: Model, worker: Int) {
    self.model = model
    index = worker
  }

  /// The facts.
  package var worker: Worker {
    _read { yield model.now.workers[index] }
  }
  /// What is concluded from them.
  package var condition: WorkerCondition {
    _read { yield model.conditions[index] }
  }
  /// Its rates; nil on its first pass.
  package var rates: RateSet? { model.rates.workers[index] }
  /// When the snapshot was (monotonic).
  package var now: UInt64 { model.now.monotonicTime }
  /// When the snapshot was: nanoseconds since 1970.
  package var wallTime: UInt64 { model.now.wallTime }
  /// Age of the longest checkout of a connection, in nanoseconds; nil when none is out.
  package var oldestCheckout: UInt64? {
    var oldest: UInt64?
    for connection in worker.connections where connection.state == .checkedOut {
      oldest = max(oldest ?? 0, model.now.age(of: connection.since))
    }
    return oldest
  }
  /// Who it is.
  package var identity: RowIdentity { .worker(worker.key) }
}

extension Model {
  /// One row for each worker, in the snapshot's order.
  package var workerRows: [WorkerRow] { now.workers.indices.map { WorkerRow(self, worker: $0) } }
}
