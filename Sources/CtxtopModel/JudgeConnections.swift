// CTX004: a connection is checked out, but nobody is left to return it.
//
//   taken in a request     finished when its context is on no stack of the worker and no unit serves the request
//   taken in a job         (context, no request) finished when the context has ended and the unit is gone
//                          or has begun other work
//   taken outside of both  no holder: never reported
//
// Joins connection, context and request: the snapshot before must agree.

import CtxtopSnapshot

func connectionsOutlivingContexts(in worker: Worker, confirming earlier: Worker?) -> [Int] {
  guard let earlier else { return [] }
  var indices: [Int] = []
  let connections = worker.connections
  for index in connections.indices where connections[index].state == .checkedOut {
    let connection = connections[index]
    guard outlives(connection, in: worker) else { continue }
    let before = earlier.connections.first { $0.id == connection.id && $0.generation == connection.generation }
    guard let before, before.state == .checkedOut, before.since == connection.since,
      before.holder == connection.holder, outlives(before, in: earlier)
    else { continue }
    indices.append(index)
  }
  return indices
}

private func outlives(_ connection: Connection, in worker: Worker) -> Bool {
  guard let holder = connection.holder, holder.context != 0 || holder.request != 0 else { return false }
  let unit = worker.units.first { $0.id == holder.unit && $0.generation == holder.unitGeneration }
  if holder.context != 0, worker.hasContext(holder.context, hint: unit) { return false }
  if holder.request != 0 { return !worker.serves(holder.request, hint: unit) }
  guard holder.unit != nil else { return false }
  guard let unit, !unit.isGone else { return true }
  // Serials only grow, and no request is numbered above the contexts of its time: a higher one began later.
  return unit.request != nil || !unit.contexts.isEmpty || unit.latestRequest > holder.context
}

extension Worker {
  /// Whether a context is on any stack. A stack that is deeper than its record may hold it unseen; that of a unit
  /// that is gone is a piece of evidence, and nobody will pop what is on it.
  func hasContext(_ serial: UInt64, hint: Unit?) -> Bool {
    if let hint, !hint.isGone, hint.contexts.contains(where: { $0.serial == serial }) { return true }
    return units.contains { unit in
      !unit.isGone && !unit.contexts.isEmpty && unit.contexts.contains { $0.serial == serial }
    }
  }
}

extension Subject {
  /// One verdict for all connections that were taken at the same place for the same kind of request.
  func connectionsOutliveContexts(_ indices: [Int]) -> [Verdict] {
    var groups: [[Int]] = []
    for index in indices {
      let holder = worker.connections[index].holder
      let known = groups.firstIndex {
        let other = worker.connections[$0[0]].holder
        return other?.label == holder?.label && other?.frame == holder?.frame
      }
      if let known { groups[known].append(index) } else { groups.append([index]) }
    }
    return groups.map(verdict)
  }

  private func verdict(_ group: [Int]) -> Verdict {
    let connections = group.map { worker.connections[$0] }
    let oldest = connections.min { $0.since < $1.since } ?? connections[0]
    var verdict = Verdict(.connectionOutlivesContext, worker, at: index)
    verdict.connection = oldest.id
    verdict.unit = oldest.holder?.unit
    verdict.context = oldest.holder.flatMap { $0.context == 0 ? nil : $0.context }
    verdict.count = UInt64(group.count)
    verdict.since = snapshot.wallTime(of: oldest.since)
    let frame = oldest.holder?.frame ?? ""
    let place = frame.isEmpty ? "" : " at \(frame)"
    verdict.statement =
      "\(Format.count(UInt64(group.count), "connection", "connections")) not returned by "
      + "\(name(of: oldest.holder?.label))\(place), oldest \(Format.age(snapshot.age(of: oldest.since)))"
    let pool = poolText(of: oldest)
    if !pool.isEmpty { verdict.statement += "; \(pool)" }
    verdict.evidence = [
      Evidence("holder", name(of: oldest.holder?.label)), Evidence("endpoint", oldest.holder?.label?.endpoint ?? ""),
      Evidence("frame", frame), Evidence("engine", engine(of: oldest)?.url ?? ""), Evidence("pool", pool),
      Evidence("connections", connections.map { String($0.id) }.joined(separator: ", ")),
      Evidence("backend_pid", connections.compactMap(\.backendPID).map(String.init).joined(separator: ", ")),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }

  private func engine(of connection: Connection) -> Engine? {
    guard let engine = connection.engine, worker.engines.indices.contains(engine) else { return nil }
    return worker.engines[engine]
  }

  /// `5 of 5 out`: how far the pool is from being empty.
  private func poolText(of connection: Connection) -> String {
    guard let engine = engine(of: connection) else { return "" }
    let out = worker.connections.reduce(0) {
      $0 + ($1.engine == connection.engine && $1.state == .checkedOut ? 1 : 0)
    }
    guard let limit = engine.limit else { return "\(out) out" }
    return "\(out) of \(limit) out" + (out >= limit ? ": the pool is empty" : "")
  }
}
