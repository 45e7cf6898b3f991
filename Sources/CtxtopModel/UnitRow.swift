// A row of the units' table: a thread, greenlet or task.

import CtxtopSnapshot

/// One unit: one reference and two indices, so that thousands cost nothing to make.
package struct UnitRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The worker's index in the snapshot.
  package let workerIndex: Int
  /// The unit's index in its worker.
  package let index: Int

  /// The row of a unit.
  package init(_ model: Model, worker: Int, unit: Int) {
    self.model = model
    workerIndex = worker
    index = unit
  }

  /// The worker it belongs to.
  package var worker: Worker {
    _read { yield model.now.workers[workerIndex] }
  }
  /// The facts.
  package var unit: Unit {
    _read { yield model.now.workers[workerIndex].units[index] }
  }
  /// What is concluded about its worker.
  package var condition: WorkerCondition {
    _read { yield model.conditions[workerIndex] }
  }
  /// The unit's state.
  package var state: UnitState { condition.state(ofUnit: index, in: worker) }
  /// Who it is.
  package var identity: RowIdentity { .unit(worker: worker.key, id: unit.id, generation: unit.generation) }
  /// The unit it was in the snapshot before; nil: it was not there.
  package var earlier: Unit? { model.earlierUnit(worker: workerIndex, unit: index) }

  /// Requests begun per second; nil without an earlier snapshot that has the unit.
  package var requestsPerSecond: Double? {
    guard let interval = model.rates.interval(ofWorker: workerIndex, model.earlier, model.now),
      let before = earlier?.requests, unit.requests >= before
    else {
      return nil
    }
    return Double(unit.requests - before) * 1e9 / Double(interval)
  }

  /// For how long its request has been served, in nanoseconds; nil when none is.
  package var requestAge: UInt64? { (unit.request?.started).map(model.now.age) }
}

extension Model {
  /// One row for each unit, by worker; those that are gone come last in their worker.
  package var unitRows: [UnitRow] {
    var rows: [UnitRow] = []
    rows.reserveCapacity(now.workers.indices.reduce(0) { $0 + now.workers[$1].units.count })
    for worker in now.workers.indices { addUnitRows(ofWorker: worker, to: &rows) }
    return rows
  }

  /// One row for each unit of a worker; those that are gone come last.
  package func unitRows(ofWorker index: Int) -> [UnitRow] {
    var rows: [UnitRow] = []
    addUnitRows(ofWorker: index, to: &rows)
    return rows
  }

  private func addUnitRows(ofWorker worker: Int, to rows: inout [UnitRow]) {
    var gone = 0
    for unit in now.workers[worker].units.indices {
      if now.workers[worker].units[unit].isGone {
        gone += 1
      } else {
        rows.append(UnitRow(self, worker: worker, unit: unit))
      }
    }
    guard gone > 0 else { return }
    for unit in now.workers[worker].units.indices where now.workers[worker].units[unit].isGone {
      rows.append(UnitRow(self, worker: worker, unit: unit))
    }
  }

  /// The unit of the snapshot before that is the same one.
  func earlierUnit(worker: Int, unit: Int) -> Unit? {
    guard let before = rates.earlierIndices[worker], let earlier else { return nil }
    let (id, generation) = (now.workers[worker].units[unit].id, now.workers[worker].units[unit].generation)
    func isSame(_ index: Int) -> Bool {
      earlier.workers[before].units[index].id == id && earlier.workers[before].units[index].generation == generation
    }
    let indices = earlier.workers[before].units.indices
    if indices.contains(unit), isSame(unit) { return earlier.workers[before].units[unit] }
    return indices.first(where: isSame).map { earlier.workers[before].units[$0] }
  }
}
