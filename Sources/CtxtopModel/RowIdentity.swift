// Who a row is, over all snapshots: what stays selected, what stays unfolded, and what a verdict leads to.

import CtxtopSnapshot

/// A worker for ever: a slot and the slot's tenant.
package struct WorkerKey: Hashable, Sendable {
  /// The slot's index.
  package let slot: Int
  /// Which tenant of the slot.
  package let generation: UInt64

  /// The key of a slot's tenant.
  package init(slot: Int, generation: UInt64) {
    self.slot = slot
    self.generation = generation
  }
}

/// Who a row is.
package enum RowIdentity: Hashable, Sendable {
  /// One of several targets, by its name.
  case target(String)
  case worker(slot: Int, generation: UInt64)
  case unit(worker: WorkerKey, id: Int, generation: UInt64)
  case context(worker: WorkerKey, serial: UInt64)
  case connection(worker: WorkerKey, id: Int, generation: UInt64)
  case session(worker: WorkerKey, id: Int, generation: UInt64)
  case resource(worker: WorkerKey, id: Int, generation: UInt64)
  /// A teardown failure, in whatever workers.
  indirect case failure(FailureKey)
  /// A verdict, by what it speaks of.
  indirect case verdict(VerdictKey)

  /// A worker.
  package static func worker(_ key: WorkerKey) -> RowIdentity { .worker(slot: key.slot, generation: key.generation) }

  /// The worker that it is, or that it belongs to; nil for a target, which has many, and for a failure, which may have
  /// happened in many.
  package var workerKey: WorkerKey? {
    switch self {
    case .worker(let slot, let generation): WorkerKey(slot: slot, generation: generation)
    case .unit(let worker, _, _), .context(let worker, _), .connection(let worker, _, _), .session(let worker, _, _),
      .resource(let worker, _, _):
      worker
    case .target, .failure: nil
    case .verdict(let key): key.worker
    }
  }
}

/// What makes teardown failures the same in all workers of a target.
package struct FailureKey: Hashable, Sendable {
  /// The target, where several are watched.
  package let target: String?
  /// The teardown function.
  package let function: String
  /// Where it is defined.
  package let location: String
  /// What it raised.
  package let exception: String
  /// For which contexts it was registered.
  package let kind: ContextKind
  /// The blueprint it was registered on; nil: the app itself.
  package let blueprint: String?

  /// The key of a failure.
  package init(_ failure: TeardownFailure, of target: String? = nil) {
    self.target = target
    function = failure.function
    location = failure.location
    exception = failure.exception
    kind = failure.kind
    blueprint = failure.blueprint
  }
}

/// What makes verdicts on two snapshots the same.
package struct VerdictKey: Hashable, Sendable {
  /// The code.
  package let code: VerdictCode
  /// The worker.
  package let worker: WorkerKey
  /// The unit's index, where it is about one.
  package let unit: Int?
  /// The context's serial number, where it is about one.
  package let context: UInt64?
  /// The connection's index, where it is about one.
  package let connection: Int?
  /// The session's index, where it is about one.
  package let session: Int?
  /// The index among the contexts that vanished, where it is about one.
  package let vanished: Int?
  /// The index among the worker's failures, where it is about one.
  package let failure: Int?
  /// The hazard's code, where it is about one.
  package let hazard: String?

  /// The key of a verdict.
  package init(_ verdict: Verdict) {
    code = verdict.code
    worker = WorkerKey(slot: verdict.slot, generation: verdict.generation)
    unit = verdict.unit
    context = verdict.context
    connection = verdict.connection
    session = verdict.session
    vanished = verdict.vanished
    failure = verdict.failure
    hazard = verdict.hazard
  }
}

extension Worker {
  /// `worker 4312`; `shop worker 4312` where several targets are watched.
  package var fullName: String { target.map { "\($0) worker \(pid)" } ?? "worker \(pid)" }

  /// Who it is.
  package var key: WorkerKey { WorkerKey(slot: slot, generation: generation) }
}
