// CTX009: a worker died, and its slot still shows what it held. What the kernel took back with the process (its
// connections) may yet be open at the other end; what it did not (locks in a cache, sessions' work) is lost.

import CtxtopSnapshot

extension Subject {
  func diedHolding() -> Verdict? {
    guard worker.liveness == .dead else { return nil }
    let contexts = worker.units.reduce(0) { $0 + $1.contexts.count }
    let connections = worker.connections.count { $0.state == .checkedOut || $0.state == .inherited }
    let resources = worker.resources.filter { $0.state == .held }
    guard contexts + connections + resources.count > 0 else { return nil }
    var verdict = Verdict(.diedHolding, worker, at: index)
    verdict.count = UInt64(contexts + connections + resources.count)
    verdict.since = worker.lastEvent.map { snapshot.wallTime(of: $0) }
    var parts: [String] = resources.map { "\($0.kind) \($0.name)" }
    if connections > 0 { parts.append(Format.count(UInt64(connections), "connection", "connections")) }
    if contexts > 0 { parts.append(Format.count(UInt64(contexts), "context", "contexts")) }
    verdict.statement = "died holding \(parts.joined(separator: ", "))"
    let requests = worker.units.compactMap { $0.request?.label.text }
    if let first = requests.first {
      verdict.statement += "; it was serving \(first)"
      if requests.count > 1 { verdict.statement += " and \(requests.count - 1) more" }
    }
    verdict.evidence = [
      Evidence("resources", resources.map { "\($0.kind) \($0.name)" }.joined(separator: ", ")),
      Evidence("resource_holder", resources.first.map { name(of: $0.holder?.label) } ?? ""),
      Evidence("resource_frame", resources.first?.holder?.frame ?? ""),
      Evidence("connections", String(connections)), Evidence("contexts", String(contexts)),
      Evidence("serving", requests.joined(separator: ", ")),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
