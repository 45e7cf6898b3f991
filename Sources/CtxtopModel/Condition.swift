// The states of a worker and of what hangs on it, from the facts and from what the judges found.

import CtxtopSnapshot

/// What is concluded about one worker.
package struct WorkerCondition: Equatable, Sendable {
  /// Silence of the agent's thread after which its process counts as stopped, or at least as not well.
  package static let silence: UInt64 = 1_500_000_000

  /// The worker's state.
  package let state: WorkerState
  /// Contexts that are left behind now.
  package let leakedContexts: Int
  /// Contexts on which requests ran that did not push them.
  package let reusedContexts: Int
  /// Connections that nobody is left to return.
  package let leakedConnections: Int
  private let left: [ContextPlace]
  private let reused: [ContextPlace]
  private let leaked: [Int]

  init(_ snapshot: Snapshot, worker index: Int, findings: WorkerFindings) {
    left = findings.leftContexts
    reused = findings.reusedContexts
    leaked = findings.leakedConnections
    leakedContexts = left.count
    reusedContexts = reused.count
    leakedConnections = leaked.count
    state = Self.state(of: snapshot.workers[index], in: snapshot, findings)
  }

  /// What was concluded before, and is told. Which contexts are reused the facts say themselves.
  init(_ worker: Worker, told: JudgedWorker?) {
    left = told.map { Self.places(of: .leaked, in: $0, worker) } ?? []
    reused = told != nil && worker.liveness.isPresent ? contextsReused(in: worker) : []
    leaked = worker.connections.indices.filter {
      let states = told?.connections ?? []
      return $0 < states.count && states[$0] == JudgedConnectionState.leaked.rawValue
    }
    leakedContexts = left.count
    reusedContexts = reused.count
    leakedConnections = leaked.count
    state = told.flatMap { WorkerState(rawValue: $0.state) } ?? .unknown
  }

  private static func places(of state: ContextState, in told: JudgedWorker, _ worker: Worker) -> [ContextPlace] {
    zip(told.contexts.indices, worker.units.indices).flatMap { unit, _ in
      zip(told.contexts[unit].indices, worker.units[unit].contexts.indices).compactMap { context, _ in
        told.contexts[unit][context] == state.rawValue ? ContextPlace(unit: unit, context: context) : nil
      }
    }
  }

  private static func state(of worker: Worker, in snapshot: Snapshot, _ findings: WorkerFindings) -> WorkerState {
    switch worker.liveness {
    case .dead: return .dead
    case .exited: return .exited
    case .alive, .unknown: break
    }
    if worker.isLost { return .stale }
    if let kernel = worker.kernel?.state, kernel == UInt8(ascii: "T") || kernel == UInt8(ascii: "t") { return .stopped }
    // A sign of life is one, whether or not the lock can still be asked. From one that is not known nothing follows.
    let seen = max(worker.heartbeat, worker.attached)
    if seen > 0, snapshot.age(of: seen, when: worker) > silence {
      return worker.liveness == .unknown ? .unknown : .stale
    }
    if findings.wedged != nil { return .wedged }
    if !findings.isClean { return .leaking }
    if worker.draining != nil { return .draining }
    if findings.isSaturated { return .saturated }
    return isBusy(worker) ? .busy : .ok
  }

  /// Whether no thread is free: as many requests as the server has threads, or all units where it does not tell.
  /// There is always room for another greenlet or task.
  private static func isBusy(_ worker: Worker) -> Bool {
    let inFlight = worker.inFlight
    if inFlight == 0 { return false }
    if let capacity = worker.capacity { return inFlight >= capacity }
    return worker.units.allSatisfy { $0.isGone || ($0.request != nil && $0.kind == .thread) }
  }

  /// The state of the unit at an index of the worker that this was made from.
  package func state(ofUnit index: Int, in worker: Worker) -> UnitState {
    let unit = worker.units[index]
    if unit.isGone { return .gone }
    if reused.contains(where: { $0.unit == index }) { return .poisoned }
    if left.contains(where: { $0.unit == index }) { return .leaked }
    if let request = unit.request { return request.isStreaming ? .streaming : .inRequest }
    if unit.contexts.contains(where: \.isPreserved) { return .preserved }
    return unit.contexts.isEmpty ? .idle : .job
  }

  /// The state of a context of that worker.
  package func state(ofContext context: Int, onUnit unit: Int, in worker: Worker) -> ContextState {
    let place = ContextPlace(unit: unit, context: context)
    if left.contains(place) { return .leaked }
    if reused.contains(place) { return .reused }
    return worker.units[unit].contexts[context].isPreserved ? .preserved : .live
  }

  /// The state of a connection of that worker.
  package func state(ofConnection index: Int, in worker: Worker) -> JudgedConnectionState {
    if leaked.contains(index) { return .leaked }
    switch worker.connections[index].state {
    case .idle: return .idle
    case .checkedOut: return .checkedOut
    case .detached: return .detached
    case .inherited: return .inherited
    }
  }
}

extension Worker {
  /// How many requests the worker can serve at once, as its server is configured; nil where it does not tell.
  package var capacity: UInt64? {
    guard let threads = server.threads, threads > 0 else { return server.model == "sync" ? 1 : nil }
    return UInt64(threads)
  }

  /// The request that has been served for the longest time; nil when none is.
  package var oldestRequest: Request? {
    let units = units
    var oldest: Int?
    var begun = UInt64.max
    for index in units.indices {
      guard let started = units[index].request?.started, oldest == nil || started < begun else { continue }
      oldest = index
      begun = started
    }
    return oldest.flatMap { units[$0].request }
  }
}
