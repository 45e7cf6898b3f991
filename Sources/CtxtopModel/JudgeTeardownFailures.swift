// CTX003: a teardown function raised. One verdict for each failure record; also for a worker that is gone,
// since what it did is still true.

import CtxtopSnapshot

extension Subject {
  func teardownFailed(_ failureIndex: Int) -> Verdict {
    let failure = worker.failures[failureIndex]
    var verdict = Verdict(.teardownFailed, worker, at: index)
    verdict.unit = failure.unit
    verdict.failure = failureIndex
    verdict.count = failure.count
    verdict.since = failure.first
    let unit = worker.units.first { $0.id == failure.unit }
    let times = failure.count == 1 ? "" : " \(failure.count) times"
    verdict.statement =
      "\(failure.function) raised \(failure.exception)\(times) after \(name(of: failure.label))"
    if !failure.skipped.isEmpty {
      verdict.statement += "; did not run: \(failure.skipped.joined(separator: ", "))"
    }
    verdict.evidence = [
      Evidence("function", failure.function), Evidence("location", failure.location),
      Evidence("blueprint", failure.blueprint ?? ""), Evidence("exception", failure.exception),
      Evidence("message", failure.message), Evidence("request", failure.label?.text ?? ""),
      Evidence("endpoint", failure.label?.endpoint ?? ""),
      Evidence("unit", unit.map { "\($0.kind.name) \($0.id) \($0.name)" } ?? ""),
      Evidence("skipped", failure.skipped.joined(separator: ", ")),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
