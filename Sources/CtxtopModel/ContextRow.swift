// A row of the contexts' table, and what becomes of its owner: leaked or merely slow is decided by whether the request
// that pushed it is still being served, and never by its age.

import CtxtopSnapshot

/// One context on a unit's stack.
package struct ContextRow: Sendable {
  /// Age of a request from which a context that it holds is shown as slow, in nanoseconds.
  package static let slow: UInt64 = 10_000_000_000

  /// What it is a row of.
  package let model: Model
  /// The worker's index in the snapshot.
  package let workerIndex: Int
  /// The unit's index in its worker.
  package let unitIndex: Int
  /// The context's index on the stack, 0 at the bottom.
  package let index: Int

  /// The row of a context.
  package init(_ model: Model, worker: Int, unit: Int, context: Int) {
    self.model = model
    workerIndex = worker
    unitIndex = unit
    index = context
  }

  /// The worker it belongs to.
  package var worker: Worker {
    _read { yield model.now.workers[workerIndex] }
  }
  /// The unit on whose stack it is.
  package var unit: Unit {
    _read { yield model.now.workers[workerIndex].units[unitIndex] }
  }
  /// The facts.
  package var context: Context {
    _read { yield model.now.workers[workerIndex].units[unitIndex].contexts[index] }
  }
  /// What is concluded about its worker.
  package var condition: WorkerCondition {
    _read { yield model.conditions[workerIndex] }
  }
  /// The context's state, as in JSON.
  package var state: ContextState { condition.state(ofContext: index, onUnit: unitIndex, in: worker) }
  /// Who it is.
  package var identity: RowIdentity { .context(worker: worker.key, serial: context.serial) }
  /// The row of its unit.
  package var unitRow: UnitRow { UnitRow(model, worker: workerIndex, unit: unitIndex) }

  /// What has become of whoever pushed it.
  package var owner: ContextOwner {
    if !worker.liveness.isPresent { return .workerGone }
    let serial = context.request
    if serial == 0 { return unit.isGone ? .unitGone : .none }
    if let server = worker.unit(serving: serial, hint: unitIndex) {
      let started = worker.units[server].request.flatMap { $0.serial == serial ? $0.started : nil }
      return .running(since: started)
    }
    return .ended(at: context.left)
  }

  /// Whether it is in use, but its request is older than 10 s: nobody has left it, however old it is.
  package var isSlow: Bool {
    guard state == .live, case .running(let since) = owner else { return false }
    return model.now.age(of: since ?? context.pushed) > Self.slow
  }

  /// The state as the screen shows it.
  package var shownState: ShownContextState {
    switch state {
    case .leaked: .leaked
    case .reused: .reused
    case .preserved: .preserved
    case .live: isSlow ? .slow : .live
    }
  }
}

/// What has become of whoever pushed a context.
package enum ContextOwner: Equatable, Sendable {
  /// The request is being served; since when (monotonic), nil where another began inside of it.
  case running(since: UInt64?)
  /// The request has ended; when the agent found that (monotonic), nil where it did not.
  case ended(at: UInt64?)
  /// No request pushed it.
  case none
  /// No request pushed it, and the unit is gone.
  case unitGone
  /// The worker is gone, and with it all that ran.
  case workerGone
}

/// The state of a context as the screen shows it: that of JSON, and `slow` for what is live and takes long.
package enum ShownContextState: String, LegendState {
  case leaked, reused, slow, preserved, live

  package var level: StateLevel {
    switch self {
    case .leaked: ContextState.leaked.level
    case .reused: ContextState.reused.level
    case .slow: .notice
    case .preserved: ContextState.preserved.level
    case .live: ContextState.live.level
    }
  }

  package var meaning: String {
    switch self {
    case .leaked: ContextState.leaked.meaning
    case .reused: ContextState.reused.meaning
    case .slow: "in use: its request is still being served, but for over 10 s"
    case .preserved: ContextState.preserved.meaning
    case .live: ContextState.live.meaning
    }
  }
}

extension Model {
  /// One row for each context, the oldest first; those of workers that are gone come last.
  package var contextRows: [ContextRow] {
    var rows: [(pushed: UInt64, isGone: Bool, row: ContextRow)] = []
    for worker in now.workers.indices {
      let isGone = !now.workers[worker].liveness.isPresent
      for unit in now.workers[worker].units.indices {
        for context in now.workers[worker].units[unit].contexts.indices {
          let pushed = now.workers[worker].units[unit].contexts[context].pushed
          rows.append((pushed, isGone, ContextRow(self, worker: worker, unit: unit, context: context)))
        }
      }
    }
    rows.sort { one, other in
      if one.isGone != other.isGone { return other.isGone }
      if one.pushed != other.pushed { return one.pushed < other.pushed }
      return one.row.place < other.row.place
    }
    return rows.map(\.row)
  }
}

extension ContextRow {
  /// Where it is: rows that are equally old keep this order.
  fileprivate var place: (Int, Int, Int) { (workerIndex, unitIndex, index) }
}
