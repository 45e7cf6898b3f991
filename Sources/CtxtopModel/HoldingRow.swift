// A row of the connections' table: whatever is or can be held. Connections of all engines, sessions without their
// context, locks and other resources.

import CtxtopSnapshot

/// Which of a worker's holdings; the number is the index in the worker's array.
package enum HoldingKind: Hashable, Sendable {
  case connection(Int)
  case session(Int)
  case resource(Int)
}

/// One holding.
package struct HoldingRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The worker's index in the snapshot.
  package let workerIndex: Int
  /// Which of the worker's holdings.
  package let kind: HoldingKind

  /// The row of a holding.
  package init(_ model: Model, worker: Int, _ kind: HoldingKind) {
    self.model = model
    workerIndex = worker
    self.kind = kind
  }

  /// The worker it belongs to.
  package var worker: Worker {
    _read { yield model.now.workers[workerIndex] }
  }
  /// What is concluded about its worker.
  package var condition: WorkerCondition {
    _read { yield model.conditions[workerIndex] }
  }
  /// The connection, if it is one.
  package var connection: Connection? {
    if case .connection(let index) = kind { worker.connections[index] } else { nil }
  }
  /// The session, if it is one.
  package var session: Session? {
    if case .session(let index) = kind { worker.sessions[index] } else { nil }
  }
  /// The resource, if it is one.
  package var resource: Resource? {
    if case .resource(let index) = kind { worker.resources[index] } else { nil }
  }
  /// The engine of the connection; nil where it is not known, or it is none.
  package var engine: Engine? {
    guard let index = connection?.engine, worker.engines.indices.contains(index) else { return nil }
    return worker.engines[index]
  }
  /// Its index in its worker, unique among all holdings.
  package var id: Int {
    switch kind {
    case .connection(let index): worker.connections[index].id
    case .session(let index): worker.sessions[index].id
    case .resource(let index): worker.resources[index].id
    }
  }
  /// Which tenant of that index.
  package var generation: UInt64 {
    switch kind {
    case .connection(let index): worker.connections[index].generation
    case .session(let index): worker.sessions[index].generation
    case .resource(let index): worker.resources[index].generation
    }
  }
  /// Since when it is in its state (monotonic).
  package var since: UInt64 {
    switch kind {
    case .connection(let index): worker.connections[index].since
    case .session(let index): worker.sessions[index].since
    case .resource(let index): worker.resources[index].since
    }
  }
  /// Who holds it, or held it; nil when nobody does or nobody knows.
  package var holder: Holder? {
    switch kind {
    case .connection(let index): worker.connections[index].holder
    case .session(let index): worker.sessions[index].holder
    case .resource(let index): worker.resources[index].holder
    }
  }
  /// Whether it is out, and not where it belongs: a connection in its pool, a session that has ended.
  package var isOut: Bool {
    switch kind {
    case .connection(let index): worker.connections[index].state != .idle
    case .session(let index): !worker.sessions[index].hasEnded
    case .resource: true
    }
  }
  /// Who it is.
  package var identity: RowIdentity {
    switch kind {
    case .connection: .connection(worker: worker.key, id: id, generation: generation)
    case .session: .session(worker: worker.key, id: id, generation: generation)
    case .resource: .resource(worker: worker.key, id: id, generation: generation)
    }
  }
  /// The index of the unit that holds it; nil where it is not known any more.
  package var holderUnit: Int? {
    guard let holder, let id = holder.unit else { return nil }
    return worker.index(ofUnit: id, generation: holder.unitGeneration)
  }

  /// Its state, as it is shown.
  package var state: HoldingState {
    switch kind {
    case .connection(let index): .connection(condition.state(ofConnection: index, in: worker))
    case .session(let index): .session(worker.sessions[index].state)
    case .resource(let index): .resource(worker.resources[index].shownState)
    }
  }
}

extension Model {
  /// One row for each connection, session and resource: what is out first, the oldest of it at the top, then what is
  /// where it belongs, by worker. What was held by workers that are gone comes after what is out.
  package var holdingRows: [HoldingRow] {
    var rows: [(rank: Int, since: UInt64, row: HoldingRow)] = []
    for worker in now.workers.indices {
      let isGone = !now.workers[worker].liveness.isPresent
      for row in holdings(ofWorker: worker) {
        let isOut = row.isOut
        rows.append((isGone ? 1 : isOut ? 0 : 2, isOut ? row.since : 0, row))
      }
    }
    let order = rows.indices.sorted { (rows[$0].rank, rows[$0].since, $0) < (rows[$1].rank, rows[$1].since, $1) }
    return order.map { rows[$0].row }
  }

  /// The holdings of one worker, in its order.
  func holdings(ofWorker index: Int) -> [HoldingRow] {
    var kinds: [HoldingKind] = []
    kinds += now.workers[index].connections.indices.map { .connection($0) }
    kinds += now.workers[index].sessions.indices.map { .session($0) }
    kinds += now.workers[index].resources.indices.map { .resource($0) }
    return kinds.map { HoldingRow(self, worker: index, $0) }
  }
}

extension Worker {
  /// Where a unit is; its id most likely is its index. Nil: it is no longer here.
  func index(ofUnit id: Int, generation: UInt64) -> Int? {
    if units.indices.contains(id), units[id].id == id { return units[id].generation == generation ? id : nil }
    return units.indices.first { units[$0].id == id && units[$0].generation == generation }
  }

  /// The unit that serves a request; nil: none does. `hint` is the one that most likely does.
  func unit(serving request: UInt64, hint: Int) -> Int? {
    if units[hint].serves(request) { return hint }
    return units.indices.first { units[$0].serves(request) }
  }
}
