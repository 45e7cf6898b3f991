// Where the row of an identity is now, and what a row belongs to or speaks of. Nil: it has left.

import CtxtopSnapshot

extension Model {
  /// The index of a worker; its slot most likely is its index.
  package func index(of key: WorkerKey) -> Int? {
    func isSame(_ index: Int) -> Bool {
      now.workers[index].slot == key.slot && now.workers[index].generation == key.generation
    }
    if now.workers.indices.contains(key.slot), isSame(key.slot) { return key.slot }
    return now.workers.indices.first(where: isSame)
  }

  /// The row of a worker.
  package func worker(for identity: RowIdentity) -> WorkerRow? {
    guard case .worker(let slot, let generation) = identity else { return nil }
    return index(of: WorkerKey(slot: slot, generation: generation)).map { WorkerRow(self, worker: $0) }
  }

  /// The row of a target.
  package func target(for identity: RowIdentity) -> TargetRow? {
    guard case .target(let name) = identity else { return nil }
    return now.targets.firstIndex { $0.name == name }.map { TargetRow(self, target: $0) }
  }

  /// The row of a unit.
  package func unit(for identity: RowIdentity) -> UnitRow? {
    guard case .unit(let key, let id, let generation) = identity, let worker = index(of: key),
      let unit = now.workers[worker].index(ofUnit: id, generation: generation)
    else { return nil }
    return UnitRow(self, worker: worker, unit: unit)
  }

  /// The row of a context.
  package func context(for identity: RowIdentity) -> ContextRow? {
    guard case .context(let key, let serial) = identity, let worker = index(of: key) else { return nil }
    return context(serial, ofWorker: worker)
  }

  /// The row of a connection, session or resource.
  package func holding(for identity: RowIdentity) -> HoldingRow? {
    guard let worker = identity.workerKey.flatMap(index) else { return nil }
    let facts = now.workers[worker]
    let kind: HoldingKind?
    switch identity {
    case .connection(_, let id, let generation):
      kind = facts.connections.firstIndex { $0.id == id && $0.generation == generation }.map { .connection($0) }
    case .session(_, let id, let generation):
      kind = facts.sessions.firstIndex { $0.id == id && $0.generation == generation }.map { .session($0) }
    case .resource(_, let id, let generation):
      kind = facts.resources.firstIndex { $0.id == id && $0.generation == generation }.map { .resource($0) }
    case .target, .worker, .unit, .context, .failure, .verdict:
      kind = nil
    }
    return kind.map { HoldingRow(self, worker: worker, $0) }
  }

  /// The row of a failure, of all workers together.
  package func failure(for identity: RowIdentity) -> FailureRow? {
    guard case .failure = identity else { return nil }
    return failureGroups.first { $0.identity == identity }
  }

  /// The row of a verdict.
  package func verdict(for identity: RowIdentity) -> VerdictRow? {
    guard case .verdict(let key) = identity else { return nil }
    return verdicts.firstIndex { VerdictKey($0) == key }.map { VerdictRow(self, verdict: $0) }
  }

  /// What a row belongs to or speaks of, the nearest first: a verdict its context, connection, session, failure, unit
  /// or worker; a context its unit; a holding its holder's unit, or else its worker; a unit its worker; a failure the
  /// worker where it happened last; a worker its target, where there are several. Nil for a row that has left, and for
  /// what belongs to nothing.
  package func subject(of identity: RowIdentity) -> RowIdentity? {
    switch identity {
    case .target: nil
    case .worker: worker(for: identity)?.worker.target.map { .target($0) }
    case .unit(let key, _, _): unit(for: identity).map { _ in .worker(key) }
    case .context: context(for: identity)?.unitRow.identity
    case .connection, .session, .resource: holding(for: identity).map(subject)
    case .failure: failure(for: identity).map { .worker(now.workers[$0.workerIndex].key) }
    case .verdict: verdict(for: identity).map { subject(of: $0.verdict) }
    }
  }

  private func subject(of row: HoldingRow) -> RowIdentity {
    row.holderUnit.map { UnitRow(self, worker: row.workerIndex, unit: $0).identity } ?? .worker(row.worker.key)
  }

  private func subject(of verdict: Verdict) -> RowIdentity {
    let worker = now.workers[verdict.workerIndex]
    if let row = verdict.context.flatMap({ context($0, ofWorker: verdict.workerIndex) }) { return row.identity }
    if let connection = worker.connections.first(where: { $0.id == verdict.connection }) {
      return .connection(worker: worker.key, id: connection.id, generation: connection.generation)
    }
    if let session = worker.sessions.first(where: { $0.id == verdict.session }) {
      return .session(worker: worker.key, id: session.id, generation: session.generation)
    }
    if let failure = verdict.failure, worker.failures.indices.contains(failure) {
      return .failure(FailureKey(worker.failures[failure], of: worker.target))
    }
    if let unit = worker.units.first(where: { $0.id == verdict.unit }) {
      return .unit(worker: worker.key, id: unit.id, generation: unit.generation)
    }
    return .worker(worker.key)
  }

  /// The row of a context of a worker, by its serial number.
  func context(_ serial: UInt64, ofWorker worker: Int) -> ContextRow? {
    for unit in now.workers[worker].units.indices {
      for context in now.workers[worker].units[unit].contexts.indices
      where now.workers[worker].units[unit].contexts[context].serial == serial {
        return ContextRow(self, worker: worker, unit: unit, context: context)
      }
    }
    return nil
  }
}
