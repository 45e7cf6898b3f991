// Everything known about a teardown failure, and about a verdict.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about what a row shows; false when it has left.
  mutating func describe(_ identity: RowIdentity, in model: Model) -> Bool {
    switch identity {
    case .worker:
      guard let row = model.worker(for: identity) else { return false }
      worker(row)
    case .unit:
      guard let row = model.unit(for: identity) else { return false }
      unit(row)
    case .context:
      guard let row = model.context(for: identity) else { return false }
      context(row)
    case .connection, .session, .resource:
      guard let row = model.holding(for: identity) else { return false }
      holding(row)
    case .failure:
      guard let row = model.failure(for: identity) else { return false }
      failure(row)
    case .verdict:
      guard let row = model.verdict(for: identity) else { return false }
      verdict(row.verdict, wallTime: row.wallTime)
    }
    return true
  }

  /// Adds a teardown failure.
  mutating func failure(_ row: FailureRow) {
    let failure = row.failure
    let wallTime = row.wallTime
    heading("\(failure.function)  \(failure.location)")
    let kind = failure.kind == .app ? "teardown_appcontext" : "teardown_request"
    field("registered", kind + (failure.blueprint.map { " of blueprint \($0)" } ?? ""))
    let message = failure.message.isEmpty ? "" : ": \(failure.message)"
    field("raised", failure.exception + message, .warning)
    field("times", "\(failure.count)", .value)
    field("first", moment(failure.first, wallTime))
    field("last", moment(failure.last, wallTime))
    field("serving", failure.label?.text ?? "work outside of a request")
    field(
      "worker", (row.pid.map(String.init) ?? "\(row.workers) of them") + (failure.unit.map { " thread \($0)" } ?? ""))
    if !failure.skipped.isEmpty {
      heading("Skipped because of it: what these would have freed is still held")
      for function in failure.skipped { text(function, .warning) }
    }
    heading("Traceback of the first time")
    if failure.traceback.isEmpty { text("none was recorded", .dim) }
    for frame in failure.traceback.split(separator: "\n") { text(String(frame)) }
  }

  /// Adds a verdict.
  mutating func verdict(_ verdict: Verdict, wallTime: UInt64) {
    let mark = verdict.severity.level.mark(look)
    line([mark, Span(" \(verdict.code.rawValue) \(verdict.name)", mark.style), Span("  \(verdict.severity.rawValue)")])
    text(verdict.message, .value)
    if let since = verdict.since { field("since", moment(since, wallTime)) }
    if verdict.count > 1 { field("count", "\(verdict.count)") }
    heading("What to do")
    text(verdict.remedy)
    heading("Evidence")
    for evidence in verdict.evidence where !evidence.value.isEmpty {
      field(String(evidence.key.map { $0 == "_" ? " " : $0 }), evidence.value)
    }
    heading("What it means")
    text(verdict.code.entry.meaning)
  }

  private func moment(_ moment: UInt64, _ now: UInt64) -> String {
    "\(Moment.text(wallTime: moment)), \(Format.age(Moment.between(moment, now))) ago"
  }
}
