// View 4: who holds which connection, session or lock, since when.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension ListDefinition where Row == HoldingRow {
  /// What is held, the longest first; then what is idle, at last the sessions that have ended: nobody can do anything
  /// about those any more.
  static let connections = ListDefinition(
    .connections,
    mostImportant: ["pid", "kind", "state", "age", "unit", "request", "frame", "pool", "engine", "backend_pid"],
    widths: ["request": 19, "frame": 17, "context": 16],
    emptyText: "no connection is open, and nothing else is held",
    rows: \.holdingRows.endedLast,
    identity: \.identity,
    mark: { $0.state.level.mark($1) },
    isPast: { $0.hasEnded || $0.condition.state.isPast })
}

extension HoldingRow {
  /// Whether it is a session that has been removed since it was left.
  fileprivate var hasEnded: Bool {
    if case .session(let index) = kind { worker.sessions[index].hasEnded } else { false }
  }
}

extension [HoldingRow] {
  fileprivate var endedLast: [HoldingRow] {
    contains(where: \.hasEnded) ? filter { !$0.hasEnded } + filter(\.hasEnded) : self
  }
}
