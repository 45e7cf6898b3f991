// Runs all judges over a snapshot, and keeps what they found by worker and as verdicts.

import CtxtopSnapshot

/// What the judges found out about one worker.
struct WorkerFindings: Sendable {
  /// Contexts left behind: index of the unit, index on its stack.
  var leftContexts: [ContextPlace] = []
  /// Contexts on which requests run that did not push them.
  var reusedContexts: [ContextPlace] = []
  /// Indices of connections that outlive their contexts.
  var leakedConnections: [Int] = []
  /// Indices of sessions whose context is gone.
  var orphanSessions: [Int] = []
  /// Whether any of them is still there.
  var holdsSessions = false
  /// Why nothing comes from it any more; nil: it is well.
  var wedged: WedgedReason?
  /// Whether all of its threads stand still, and nobody can tell whether somebody waits.
  var isSaturated = false

  /// Whether it holds nothing that nobody will free.
  var isClean: Bool {
    leftContexts.isEmpty && reusedContexts.isEmpty && leakedConnections.isEmpty && !holdsSessions
  }
}

/// Where in a worker a context is.
struct ContextPlace: Equatable, Sendable {
  var unit: Int
  var context: Int
}

/// What the judges found out about a service.
struct Findings: Sendable {
  /// How far apart two snapshots must be to confirm each other.
  static let confirmationInterval: UInt64 = 50_000_000

  var workers: [WorkerFindings] = []
  var verdicts: [Verdict] = []

  init(_ now: Snapshot, confirming earlier: Snapshot?) {
    let witness = earlier.flatMap {
      now.monotonicTime >= $0.monotonicTime &+ Self.confirmationInterval ? $0 : nil
    }
    self.init(now, witness: witness)
  }

  /// `witness`: a pass far enough from this one to confirm what joins two records; before it or after it.
  init(_ now: Snapshot, witness: Snapshot?) {
    workers.reserveCapacity(now.workers.count)
    for index in now.workers.indices {
      workers.append(judge(now, index, confirming: witness))
    }
    reportHazards(now)
    verdicts.sort {
      ($0.severity.level, $1.code.place, $1.workerIndex, $1.since ?? .max)
        > ($1.severity.level, $0.code.place, $0.workerIndex, $0.since ?? .max)
    }
  }

  /// A worker that is gone holds nothing that could still be freed: only what it did, and what it died with, is
  /// reported.
  private mutating func judge(_ now: Snapshot, _ index: Int, confirming earlier: Snapshot?) -> WorkerFindings {
    let worker = now.workers[index]
    var findings = WorkerFindings()
    var inherited: [Int] = []
    if worker.liveness.isPresent {
      let before = earlier.flatMap { $0.witness(of: worker, hint: index) }
      findings.leftContexts = contextsLeftBehind(in: worker, confirming: before)
      findings.reusedContexts = contextsReused(in: worker)
      findings.leakedConnections = connectionsOutlivingContexts(in: worker, confirming: before)
      findings.orphanSessions = orphanSessions(in: worker, confirming: before)
      findings.holdsSessions = findings.orphanSessions.contains { !worker.sessions[$0].hasEnded }
      findings.wedged = wedged(worker, in: now)
      findings.isSaturated = isSaturated(worker, in: now)
      inherited = connectionsFromBeforeFork(in: worker)
    }
    // Of most workers there is nothing to say, at every pass.
    let isQuiet =
      findings.isClean && findings.orphanSessions.isEmpty && findings.wedged == nil && inherited.isEmpty
      && worker.failures.isEmpty && worker.vanished.isEmpty && worker.liveness != .dead
    if !isQuiet { report(findings, inherited, of: Subject(snapshot: now, worker: worker, index: index)) }
    return findings
  }

  private mutating func report(_ findings: WorkerFindings, _ inherited: [Int], of subject: Subject) {
    for place in findings.leftContexts { verdicts.append(subject.contextLeftBehind(place)) }
    for place in findings.reusedContexts { verdicts.append(subject.reusedContext(place)) }
    for failure in subject.worker.failures.indices { verdicts.append(subject.teardownFailed(failure)) }
    verdicts.append(contentsOf: subject.connectionsOutliveContexts(findings.leakedConnections))
    for session in findings.orphanSessions { verdicts.append(subject.orphanSession(session)) }
    for vanished in subject.worker.vanished.indices { verdicts.append(subject.contextVanished(vanished)) }
    if let verdict = subject.connectionsCrossedFork(inherited) { verdicts.append(verdict) }
    if let reason = findings.wedged { verdicts.append(subject.isWedged(reason)) }
    if let verdict = subject.diedHolding() { verdicts.append(verdict) }
  }

  /// Once for each server: its workers have one configuration.
  private mutating func reportHazards(_ now: Snapshot) {
    var known: [(target: String?, instance: UInt64, hazard: Hazard)] = []
    for index in now.workers.indices where now.workers[index].liveness.isPresent {
      let worker = now.workers[index]
      let target = worker.target
      for hazard in worker.hazards where !known.contains(where: { $0 == (target, worker.instance, hazard) }) {
        known.append((target, worker.instance, hazard))
        verdicts.append(Subject(snapshot: now, worker: worker, index: index).hazard(hazard))
      }
    }
  }
}

extension Snapshot {
  /// A worker as another pass saw it; nil: none did, or one that is too near. Snapshots of several targets may hold the
  /// same pass over one of them.
  fileprivate func witness(of worker: Worker, hint: Int) -> Worker? {
    guard let index = index(of: worker, hint: hint) else { return nil }
    guard let seen = worker.seen, let other = workers[index].seen else { return workers[index] }
    return max(seen, other) - min(seen, other) >= Findings.confirmationInterval ? workers[index] : nil
  }
}

/// The worker that a verdict is about, and the words in which its parts are named.
struct Subject {
  let snapshot: Snapshot
  let worker: Worker
  let index: Int

  /// `worker 4312 thread 7`.
  func name(of unit: Unit) -> String { "\(worker.fullName) \(unit.kind.name) \(unit.id)" }

  /// `GET /chat/<id>`, or `work outside of a request`.
  func name(of label: RequestLabel?) -> String { label?.text ?? "work outside of a request" }

  /// Who left a context: the request, or else the place where it was pushed.
  func owner(of context: Context) -> String {
    context.label == nil && !context.frame.isEmpty ? context.frame : name(of: context.label)
  }
}

extension UnitKind {
  /// The word for it.
  package var name: String {
    switch self {
    case .thread: "thread"
    case .greenlet: "greenlet"
    case .task: "task"
    }
  }
}

extension RequestLabel {
  /// `GET /chat/<id>`; the endpoint where there is no rule; `a request` where nothing is known.
  package var text: String {
    let place = rule ?? endpoint ?? ""
    if method.isEmpty { return place.isEmpty ? "a request" : place }
    return place.isEmpty ? method : "\(method) \(place)"
  }
}
