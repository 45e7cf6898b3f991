// Everything known about a verdict: what is wrong, what to do, what it rests on.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about a verdict.
  mutating func verdict(_ row: VerdictRow, _ charts: [NumberChart]) {
    let verdict = row.verdict
    let mark = verdict.severity.level.mark(look)
    line([mark, Span(" \(verdict.code.rawValue) \(verdict.name)", mark.style), Span("  \(verdict.severity.rawValue)")])
    text(verdict.message, .value)
    field("since", verdict.since.flatMap { moment($0, now: row.wallTime) })
    if verdict.count > 1 { field("count", "\(verdict.count)") }
    heading("What to do")
    text(verdict.remedy)
    heading("Evidence")
    for evidence in verdict.evidence { field(String(evidence.key.map { $0 == "_" ? " " : $0 }), evidence.value) }
    heading("What it means")
    text(verdict.code.entry.meaning)
    heading("How it arises")
    text(verdict.code.entry.cause)
    for line in verdict.code.entry.example.split(separator: "\n", omittingEmptySubsequences: false) {
      self.line([Span("    " + line, look[.dim])])
    }
    if verdict.count > 1 { self.charts(charts) }
  }
}
