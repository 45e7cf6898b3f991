// CTX007: a connection is used by a process that did not open it. Its record says so: the agent compares the
// process that opened it with the one that checks it out.

import CtxtopSnapshot

func connectionsFromBeforeFork(in worker: Worker) -> [Int] {
  let connections = worker.connections
  return connections.indices.filter { connections[$0].state == .inherited }
}

extension Subject {
  /// One verdict for all of them: they have one cause.
  func connectionsCrossedFork(_ indices: [Int]) -> Verdict? {
    guard let first = indices.first else { return nil }
    let connections = indices.map { worker.connections[$0] }
    let oldest = connections.min { $0.since < $1.since } ?? worker.connections[first]
    var verdict = Verdict(.connectionCrossedFork, worker, at: index)
    verdict.connection = oldest.id
    verdict.unit = oldest.holder?.unit
    verdict.count = UInt64(connections.count)
    verdict.since = snapshot.wallTime(of: oldest.since)
    let engine = oldest.engine.flatMap { worker.engines.indices.contains($0) ? worker.engines[$0].url : nil }
    verdict.statement =
      "\(Format.count(UInt64(connections.count), "connection", "connections")) opened by another process in use by "
      + name(of: oldest.holder?.label)
    verdict.evidence = [
      Evidence("holder", name(of: oldest.holder?.label)), Evidence("endpoint", oldest.holder?.label?.endpoint ?? ""),
      Evidence("frame", oldest.holder?.frame ?? ""), Evidence("engine", engine ?? ""),
      Evidence("connections", connections.map { String($0.id) }.joined(separator: ", ")),
      Evidence("backend_pid", connections.compactMap(\.backendPID).map(String.init).joined(separator: ", ")),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
