// The rows of each table. A row refers to facts and conclusions; texts are made from it when it is drawn.

import CtxtopSnapshot

/// One worker.
package struct WorkerRow: Sendable {
  /// The facts.
  package let worker: Worker
  /// What is concluded from them.
  package let condition: WorkerCondition
  /// Its rates; nil on its first pass.
  package let rates: RateSet?
  /// When the snapshot was (monotonic).
  package let now: UInt64
  /// When the snapshot was: nanoseconds since 1970.
  package let wallTime: UInt64
}

/// One teardown failure of one worker.
package struct FailureRow: Sendable {
  /// The process id of the worker.
  package let pid: Int32
  /// The worker's slot.
  package let slot: Int
  /// The worker's generation.
  package let generation: UInt64
  /// The failure's index in its worker.
  package let index: Int
  /// The facts.
  package let failure: TeardownFailure
  /// When the snapshot was: nanoseconds since 1970.
  package let wallTime: UInt64
}

/// One verdict.
package struct VerdictRow: Sendable {
  /// The verdict.
  package let verdict: Verdict
  /// When the snapshot was: nanoseconds since 1970.
  package let wallTime: UInt64
}

extension Model {
  /// One row for each worker, in the snapshot's order.
  package var workerRows: [WorkerRow] {
    now.workers.indices.map {
      WorkerRow(
        worker: now.workers[$0], condition: conditions[$0], rates: rates.workers[$0], now: now.monotonicTime,
        wallTime: now.wallTime)
    }
  }

  /// One row for each teardown failure, the latest first.
  package var failureRows: [FailureRow] {
    var rows: [FailureRow] = []
    for worker in now.workers {
      for (index, failure) in worker.failures.enumerated() {
        rows.append(
          FailureRow(
            pid: worker.pid, slot: worker.slot, generation: worker.generation, index: index, failure: failure,
            wallTime: now.wallTime))
      }
    }
    return rows.sorted { $0.failure.last > $1.failure.last }
  }

  /// One row for each verdict, worst first.
  package var verdictRows: [VerdictRow] { verdicts.map { VerdictRow(verdict: $0, wallTime: now.wallTime) } }
}
