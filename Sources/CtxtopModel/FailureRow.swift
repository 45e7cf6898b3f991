// A row of the failures' table: one failure of one worker, or of all workers together.

import CtxtopSnapshot

/// One teardown failure.
package struct FailureRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The worker that it happened in, or happened in last: its index in the snapshot.
  package let workerIndex: Int
  /// The failure's index in that worker.
  package let index: Int
  /// In how many workers it happened.
  package let workers: Int
  /// The facts; of several workers together where it happened in several.
  package let failure: TeardownFailure

  /// The process id of the worker; nil where there are several.
  package var pid: Int32? { workers == 1 ? model.now.workers[workerIndex].pid : nil }
  /// The target that it happened in, where several are watched.
  package var target: String? { model.now.workers[workerIndex].target }
  /// When the snapshot was: nanoseconds since 1970.
  package var wallTime: UInt64 { model.now.wallTime }
  /// Who it is: the same in all workers.
  package var identity: RowIdentity { .failure(FailureKey(failure, of: target)) }
}

extension Model {
  /// One row for each failure of each worker, the latest first.
  package var failureRows: [FailureRow] {
    var rows: [FailureRow] = []
    for worker in now.workers.indices {
      for (index, failure) in now.workers[worker].failures.enumerated() {
        rows.append(FailureRow(model: self, workerIndex: worker, index: index, workers: 1, failure: failure))
      }
    }
    return rows.latestFirst
  }

  /// One row for each function that raised, whichever request was torn down in whichever worker of a target; the latest
  /// first.
  package var failureGroups: [FailureRow] {
    var groups: [FailureGroup] = []
    var places: [FailureKey: Int] = [:]
    for worker in now.workers.indices {
      for (index, failure) in now.workers[worker].failures.enumerated() {
        let key = FailureKey(failure, of: now.workers[worker].target)
        if let place = places[key] {
          groups[place].add(failure, worker, index)
        } else {
          places[key] = groups.count
          groups.append(FailureGroup(failure, worker, index))
        }
      }
    }
    return groups.map { $0.row(of: self) }.latestFirst
  }
}

extension [FailureRow] {
  /// The latest first; equally late ones keep their order.
  fileprivate var latestFirst: [FailureRow] {
    let order = indices.sorted { one, other in
      let (last, otherLast) = (self[one].failure.last, self[other].failure.last)
      return last == otherLast ? one < other : last > otherLast
    }
    return order.map { self[$0] }
  }
}

/// Failures of one function as one: counts are summed; request and message are those of the last time, the traceback
/// is that of the first, as in a single record.
private struct FailureGroup {
  private var failure: TeardownFailure
  private var place: (worker: Int, index: Int)
  private var lastWorker: Int
  private var workers = 1

  init(_ failure: TeardownFailure, _ worker: Int, _ index: Int) {
    self.failure = failure
    place = (worker, index)
    lastWorker = worker
  }

  /// Adds the failure of a worker; workers come in their order.
  mutating func add(_ other: TeardownFailure, _ worker: Int, _ index: Int) {
    if worker != lastWorker {
      workers += 1
      lastWorker = worker
    }
    failure.count &+= other.count
    for function in other.skipped where !failure.skipped.contains(function) { failure.skipped.append(function) }
    if other.first < failure.first {
      failure.first = other.first
      if !other.traceback.isEmpty { failure.traceback = other.traceback }
    }
    if failure.traceback.isEmpty { failure.traceback = other.traceback }
    if other.last > failure.last {
      failure.last = other.last
      failure.label = other.label
      failure.unit = other.unit
      if !other.message.isEmpty { failure.message = other.message }
      place = (worker, index)
    }
    if failure.message.isEmpty { failure.message = other.message }
  }

  func row(of model: Model) -> FailureRow {
    FailureRow(model: model, workerIndex: place.worker, index: place.index, workers: workers, failure: failure)
  }
}
