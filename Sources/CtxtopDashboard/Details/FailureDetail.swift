// Everything known about a teardown failure: the function, what it raised, what did not run because of it.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about a teardown failure.
  mutating func failure(_ row: FailureRow, _ verdicts: [Verdict], _ charts: [NumberChart]) {
    let failure = row.failure
    heading("\(failure.function)  \(failure.location)")
    let message = failure.message.isEmpty ? "" : ": \(failure.message)"
    marked(.warning, "raised \(failure.exception)\(message), \(Format.count(failure.count, "time", "times"))")
    if !failure.skipped.isEmpty {
      heading("Skipped because of it: what these would have freed is still held")
      for function in failure.skipped { marked(.warning, function) }
    }
    heading("Traceback of the first time, innermost last")
    if failure.traceback.isEmpty { text("none was recorded", .dim) }
    for frame in failure.traceback.split(separator: "\n") { line(self.frame(String(frame))) }
    heading("When and where")
    let kind = failure.kind == .app ? "teardown_appcontext" : "teardown_request"
    field("target", row.target)
    field("registered", kind + (failure.blueprint.map { " of blueprint \($0)" } ?? ""))
    field("first", moment(failure.first, now: row.wallTime))
    field("last", moment(failure.last, now: row.wallTime))
    field("tearing down", failure.label?.text ?? "work outside of a request")
    field("endpoint", failure.label?.endpoint)
    for (pid, count) in workers(of: row) {
      field("worker \(pid)", Format.count(count, "time", "times"))
    }
    if !verdicts.isEmpty { heading("Verdicts") }
    self.verdicts(verdicts)
    self.charts(charts)
  }

  /// `shop.py:15 close_cart`: the place, and the function by itself, which is what one looks for.
  private func frame(_ text: String) -> [Span] {
    let clean = Format.cleaned(text)
    guard let space = clean.firstIndex(of: " ") else { return [Span("  " + clean, look[.text])] }
    return [Span("  " + clean[..<space], look[.text]), Span(String(clean[space...]), look[.value])]
  }

  /// How often it happened in each worker, the most often first.
  private func workers(of row: FailureRow) -> [(Int32, UInt64)] {
    let key = FailureKey(row.failure, of: row.target)
    let counts = row.model.now.workers.map { worker in
      (worker.pid, worker.failures.reduce(0) { $0 &+ (FailureKey($1, of: worker.target) == key ? $1.count : 0) })
    }
    return Array(counts.filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }.prefix(32))
  }
}
