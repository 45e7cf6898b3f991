// What was lost between two moments. A thing has leaked when its owner has finished and it is still there: judged at
// the later moment, and not so at the earlier one. What has gone since, with its thread or its worker, has leaked all
// the same; the agent's counters tell.
//
//   leaked          contexts left behind (CTX001), connections that outlive their context (CTX004), sessions without
//                   their context (CTX005), locks of a worker that died (CTX009)
//   not torn down   teardown functions that raised (CTX003), contexts dropped without teardown (CTX006): what they
//                   would have freed may be lost, but nothing shows it
//   neither         requests on a context of others (they follow from a leak), connections that crossed a fork,
//                   wedged and dead workers, hazards: they appear, and nothing is lost by them

import CtxtopSnapshot

/// What can be lost.
package enum LossKind: String, Sendable, CaseIterable {
  case context, connection, session, resource
  case teardownFailure = "teardown_failure"
  case vanishedContext = "vanished_context"

  /// Whether it is still there, or was, after its owner had finished.
  package var isLeak: Bool {
    switch self {
    case .context, .connection, .session, .resource: true
    case .teardownFailure, .vanishedContext: false
    }
  }
}

/// Things of one kind that were lost in the same way.
package struct Loss: Equatable, Sendable {
  /// What was lost.
  package let kind: LossKind
  /// The engine, the lock, or the function that raised and what; empty where there is no name.
  package let name: String
  /// Whose it was: the request, else the place in the code; empty where nothing is known.
  package let owner: String
  /// Whether `owner` is a request.
  package let isRequest: Bool
  /// How many.
  package var count: UInt64 = 0
  /// The process ids of the workers.
  package var workers: [Int32] = []
  /// One line for each that is still there to be seen.
  package var evidence: [String] = []

  /// Whether it is known from a counter only.
  package var isOnlyCounted: Bool { owner.isEmpty && name.isEmpty }
}

extension Loss {
  /// All of them, leaks first; of a kind, the most first.
  static func all(_ pairs: [WorkerPair], _ before: Model, _ after: Model) -> [Loss] {
    var collector = LossCollector(before: before, after: after)
    for pair in pairs { collector.collect(pair) }
    let order = LossKind.allCases
    return collector.losses.enumerated().sorted { one, other in
      let places = (order.firstIndex(of: one.element.kind) ?? 0, order.firstIndex(of: other.element.kind) ?? 0)
      if places.0 != places.1 { return places.0 < places.1 }
      if one.element.count != other.element.count { return one.element.count > other.element.count }
      return one.offset < other.offset
    }.map(\.element)
  }
}

/// Finds losses, worker by worker.
struct LossCollector {
  let before: Model
  let after: Model
  private(set) var losses: [Loss] = []

  init(before: Model, after: Model) {
    self.before = before
    self.after = after
  }

  mutating func collect(_ pair: WorkerPair) {
    guard let index = pair.after, pair.fate != .over else { return }
    let side = WorkerSides(pair, index, before, after)
    contexts(side)
    if side.worker.liveness.isPresent {
      connections(side)
      sessions(side)
    } else if pair.fate == .died {
      resources(side)
    }
    failures(side)
    vanished(side)
  }

  private mutating func add(
    _ kind: LossKind, _ name: String = "", of label: RequestLabel?, at frame: String = "", in worker: Worker,
    count: UInt64 = 1, evidence: String? = nil
  ) {
    add(kind, name, owner: label?.text ?? frame, isRequest: label != nil, in: worker, count, evidence)
  }

  private mutating func add(
    _ kind: LossKind, _ name: String, owner: String, isRequest: Bool, in worker: Worker, _ count: UInt64,
    _ evidence: String?
  ) {
    guard count > 0 else { return }
    let place =
      losses.firstIndex {
        $0.kind == kind && $0.name == name && $0.owner == owner && $0.isRequest == isRequest
      } ?? losses.count
    if place == losses.count { losses.append(Loss(kind: kind, name: name, owner: owner, isRequest: isRequest)) }
    losses[place].count &+= count
    if !losses[place].workers.contains(worker.pid) { losses[place].workers.append(worker.pid) }
    if let evidence { losses[place].evidence.append(evidence) }
  }

  // MARK: - Leaks

  private mutating func contexts(_ side: WorkerSides) {
    var found: UInt64 = 0
    let worker = side.worker
    for unit in worker.units.indices {
      for (index, context) in worker.units[unit].contexts.enumerated() where side.hasLeaked(index, onUnit: unit) {
        found += 1
        let verdict = after.verdicts.first {
          $0.workerIndex == side.index && $0.code == .contextLeftBehind && $0.context == context.serial
        }
        let name = "worker \(worker.pid) \(worker.units[unit].kind.name) \(worker.units[unit].id)"
        let owner = context.label?.text ?? (context.frame.isEmpty ? "nobody known" : context.frame)
        add(
          .context, of: context.label, at: context.frame.isEmpty ? Loss.outside : context.frame, in: worker,
          evidence: verdict?.message ?? "\(name): \(context.kind.name) context left by \(owner)")
      }
    }
    // The agent counts what it finds, also what is gone again by now.
    let counted = UInt64(clamping: side.growth(.contextsFound) ?? 0)
    if counted > found { add(.context, of: nil, in: worker, count: counted - found) }
  }

  private mutating func connections(_ side: WorkerSides) {
    let worker = side.worker
    for (index, connection) in worker.connections.enumerated()
    where side.hasLeaked(connection, isLeaked: side.isLeaked(connectionAt: index)) {
      let engine = connection.engine.flatMap { worker.engines.indices.contains($0) ? worker.engines[$0].url : nil }
      let holder = connection.holder
      let frame = holder.map { $0.frame.isEmpty ? "" : " at \($0.frame)" } ?? ""
      let age = Format.age(after.now.age(of: connection.since))
      add(
        .connection, engine ?? "a database", of: holder?.label, at: holder?.frame ?? "", in: worker,
        evidence: "worker \(worker.pid): connection \(connection.id) taken by "
          + "\(holder?.label?.text ?? "work outside of a request")\(frame) \(age) ago")
    }
  }

  private mutating func sessions(_ side: WorkerSides) {
    for verdict in after.verdicts where verdict.workerIndex == side.index && verdict.code == .orphanSession {
      guard let session = side.worker.sessions.first(where: { $0.id == verdict.session }), side.isNew(session) else {
        continue
      }
      let holder = session.holder
      add(
        .session, of: holder?.label, at: holder.map(\.frame).flatMap { $0.isEmpty ? nil : $0 } ?? Loss.outside,
        in: side.worker, evidence: verdict.message)
    }
  }

  /// What a worker held that died: the kernel closed its connections, but nobody gave its locks back.
  private mutating func resources(_ side: WorkerSides) {
    for resource in side.worker.resources where resource.state == .held {
      let name = "\(resource.kind) \(resource.name)"
      add(
        .resource, name, of: resource.holder?.label, at: resource.holder?.frame ?? "", in: side.worker,
        evidence: "worker \(side.worker.pid): died holding \(name)")
    }
  }

  // MARK: - What was not torn down

  private mutating func failures(_ side: WorkerSides) {
    var named: UInt64 = 0
    for failure in side.worker.failures {
      let count = side.growth(of: failure)
      named &+= count
      let skipped =
        failure.skipped.isEmpty ? "" : "; did not run: \(failure.skipped.joined(separator: ", "))"
      add(
        .teardownFailure, "\(failure.function) raised \(failure.exception)", owner: failure.location, isRequest: false,
        in: side.worker, count,
        "worker \(side.worker.pid): \(Format.count(count, "time", "times")) after "
          + "\(failure.label?.text ?? "work outside of a request")\(skipped)")
    }
    let counted = UInt64(clamping: side.growth(.teardownFailures) ?? 0)
    if counted > named { add(.teardownFailure, of: nil, in: side.worker, count: counted - named) }
  }

  private mutating func vanished(_ side: WorkerSides) {
    var named: UInt64 = 0
    for vanished in side.worker.vanished {
      let count = side.growth(of: vanished)
      named &+= count
      add(
        .vanishedContext, of: vanished.label, at: vanished.frame.isEmpty ? Loss.outside : vanished.frame,
        in: side.worker, count: count,
        evidence: "worker \(side.worker.pid): \(vanished.kind.name) context, "
          + Format.count(count, "time", "times") + (vanished.frame.isEmpty ? "" : ", pushed at \(vanished.frame)"))
    }
    let counted = UInt64(clamping: side.growth(.contextsVanished) ?? 0)
    if counted > named { add(.vanishedContext, of: nil, in: side.worker, count: counted - named) }
  }
}
