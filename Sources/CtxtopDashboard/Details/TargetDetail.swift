// Everything known about one of several targets: how it does, and its workers.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Workers that are listed one by one; of more, the others are counted.
  private static let workerLimit = 64

  /// Adds everything about a target.
  mutating func target(_ row: TargetRow, _ verdicts: [Verdict]) {
    let target = row.target
    heading(target.name)
    self.verdicts(verdicts)
    state(target.state.rawValue, target.state.level, target.state.meaning)
    field("reason", target.reason, .warning)
    field("app", target.service, .value)
    field("host", target.host)
    let workers = row.workers
    heading("Workers (\(workers.count))")
    if workers.isEmpty { text("none is known", .dim) }
    for row in workers.prefix(Self.workerLimit) {
      let state = row.condition.state
      let mark = state.mark(look)
      line([
        Span("  "), mark, Span(" \(row.worker.pid)".padded(to: 10), look[state.isPast ? .dim : .value]),
        Span(" \(state.rawValue)".padded(to: 12), look[state.role]),
        Span("\(row.worker.inFlight) in flight", look[.dim]),
      ])
    }
    if workers.count > Self.workerLimit { text("and \(workers.count - Self.workerLimit) more, in view 1", .dim) }
  }
}
