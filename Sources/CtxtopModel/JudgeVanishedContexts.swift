// CTX006: a context went from the stack without having been popped. The agent saw it on the stack, then saw the
// real stack without it, and no pop in between: its record is enough. Also for a worker that is gone: what was not
// torn down was not torn down.

import CtxtopSnapshot

extension Subject {
  func contextVanished(_ place: Int) -> Verdict {
    let vanished = worker.vanished[place]
    var verdict = Verdict(.contextVanished, worker, at: index)
    verdict.unit = vanished.unit
    verdict.vanished = place
    verdict.count = vanished.count
    verdict.since = vanished.first
    let owner = vanished.frame.isEmpty ? name(of: vanished.label) : vanished.frame
    let times = vanished.count == 1 ? "" : " \(vanished.count) times"
    verdict.statement = "\(vanished.kind.name) context pushed by \(owner) went without its teardown\(times)"
    if !vanished.frame.isEmpty, vanished.label != nil { verdict.statement += " in \(name(of: vanished.label))" }
    verdict.evidence = [
      Evidence("kind", vanished.kind.name), Evidence("frame", vanished.frame),
      Evidence("request", vanished.label?.text ?? ""), Evidence("endpoint", vanished.label?.endpoint ?? ""),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
