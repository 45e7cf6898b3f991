// Which verdicts are about a row, and what rows are called.

import CtxtopModel
import CtxtopSnapshot

extension Model {
  /// The verdicts on a row and on what hangs on it, the worst first.
  func verdicts(concerning identity: RowIdentity) -> [Verdict] {
    if case .failure(let key) = identity {
      return verdicts.filter { verdict in
        let worker = now.workers[verdict.workerIndex]
        return verdict.failure.map { FailureKey(worker.failures[$0], of: worker.target) == key } ?? false
      }
    }
    if case .target(let name) = identity { return verdicts.filter { $0.target == name } }
    let own = verdicts.filter { WorkerKey(slot: $0.slot, generation: $0.generation) == identity.workerKey }
    switch identity {
    case .worker: return own
    case .unit(_, let id, _): return own.filter { $0.unit == id }
    case .context(_, let serial): return own.filter { $0.context == serial }
    case .connection(_, let id, _): return own.filter { $0.connections.contains(id) }
    case .session(_, let id, _): return own.filter { $0.session == id }
    case .target, .resource, .failure, .verdict: return []
    }
  }

  /// `worker 4312 thread 7`, `connection 3 of worker 4312`, ...; nil: it has left.
  func name(of identity: RowIdentity) -> String? {
    switch identity {
    case .target(let name): target(for: identity).map { _ in name }
    case .worker: worker(for: identity).map(\.worker.fullName)
    case .unit: unit(for: identity).map(\.fullName)
    case .context: context(for: identity).map { "\($0.kindName) on \($0.unitRow.fullName)" }
    case .connection, .session, .resource: holding(for: identity).map { "\($0.shortName) of \($0.worker.fullName)" }
    case .failure(let key): failure(for: identity).map { _ in key.function }
    case .verdict(let key): verdict(for: identity).map { _ in key.code.rawValue }
    }
  }
}

extension Verdict {
  /// The connections that it is about: all of a group's.
  fileprivate var connections: [Int] {
    guard let connection else { return [] }
    let listed = evidence.first { $0.key == "connections" }?.value.split(separator: ",") ?? []
    return [connection] + listed.compactMap { Int($0.drop { $0 == " " }) }
  }
}

extension UnitRow {
  /// `thread 7`.
  var shortName: String { "\(unit.kind.name) \(unit.id)" }
  /// `worker 4312 thread 7`.
  var fullName: String { "\(worker.fullName) \(shortName)" }
}

extension ContextRow {
  /// `app context`.
  var kindName: String { "\(context.kind == .app ? "app" : "request") context" }
  /// `GET /chat/<id>`; where it was pushed, outside of requests.
  var pusher: String {
    context.label?.text ?? (context.frame.isEmpty ? "work outside of a request" : context.frame)
  }
}

extension HoldingRow {
  /// `connection 3`.
  var shortName: String {
    let name = resource.map(\.name) ?? ""
    return "\(kindName) \(name.isEmpty ? "\(id)" : name)"
  }
  /// `thread 7, GET /chat at shop.py:44 chat`; nil: nobody is known.
  var holderText: String? {
    guard let holder else { return nil }
    let unit = holderUnit.map { UnitRow(model, worker: workerIndex, unit: $0).shortName }
    let lost = holder.unit.map { "unit \($0), which is gone" }
    let request = holder.label?.text ?? "work outside of a request"
    return [unit ?? lost, request].compactMap { $0 }.joined(separator: ", ")
      + (holder.frame.isEmpty ? "" : " at \(holder.frame)")
  }
  /// How long it has been in its state, in nanoseconds.
  var age: UInt64 { since > 0 ? model.now.age(of: since) : 0 }
}

extension Model {
  /// What of a worker is out of where it belongs, and meets a condition.
  func heldRows(ofWorker index: Int, where isWanted: (HoldingRow) -> Bool = { _ in true }) -> [HoldingRow] {
    let worker = now.workers[index]
    let kinds: [HoldingKind] =
      worker.connections.indices.map { .connection($0) } + worker.sessions.indices.map { .session($0) }
      + worker.resources.indices.map { .resource($0) }
    return kinds.map { HoldingRow(self, worker: index, $0) }.filter { $0.isOut && isWanted($0) }
      .sorted { $0.since < $1.since }
  }
}
