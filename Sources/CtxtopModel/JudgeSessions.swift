// CTX005, also when a later request has inherited the session and ended it: the harm is done.
//
// A scoped session whose context is gone. The agent itself asked the registry after the context had gone,
// so its record is enough; two passes must agree all the same, since whoever manages a session by hand may remove
// it a moment later.

import CtxtopSnapshot

func orphanSessions(in worker: Worker, confirming earlier: Worker?) -> [Int] {
  guard let earlier else { return [] }
  return worker.sessions.indices.filter { index in
    let session = worker.sessions[index]
    return earlier.sessions.contains { $0.id == session.id && $0.generation == session.generation }
  }
}

extension Subject {
  func orphanSession(_ place: Int) -> Verdict {
    let session = worker.sessions[place]
    let isInherited = session.heirRequest != 0
    var verdict = Verdict(.orphanSession, worker, at: index)
    verdict.severity = isInherited ? .critical : .warning
    verdict.session = session.id
    verdict.unit = session.holder?.unit
    verdict.context = session.holder.flatMap { $0.context == 0 ? nil : $0.context }
    verdict.since = snapshot.wallTime(of: session.since)
    let owner = name(of: session.holder?.label)
    verdict.statement =
      "session of \(owner) left without its context \(Format.age(snapshot.age(of: session.since))) ago"
    if session.isInTransaction { verdict.statement += ", its transaction open" }
    if session.isDirty { verdict.statement += ", work uncommitted" }
    if isInherited {
      verdict.statement += "; it \(session.hasEnded ? "became" : "is now") the session of \(name(of: session.heir))"
    }
    verdict.evidence = [
      Evidence("holder", owner), Evidence("endpoint", session.holder?.label?.endpoint ?? ""),
      Evidence("scope", session.scope), Evidence("in_transaction", String(session.isInTransaction)),
      Evidence("uncommitted_work", String(session.isDirty)),
      Evidence("inherited_by", isInherited ? name(of: session.heir) : ""),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
