// View 4: who holds which connection, session or lock, since when.

import CtxtopModel
import CtxtopScreen

extension ListDefinition where Row == HoldingRow {
  /// What is held, the longest first; then what is idle.
  static let connections = ListDefinition(
    .connections,
    mostImportant: ["pid", "kind", "state", "age", "unit", "request", "frame", "pool", "engine", "backend_pid"],
    emptyText: "no connection is open, and nothing else is held",
    rows: \.holdingRows,
    identity: \.identity,
    mark: { $0.state.level.mark($1) },
    isPast: \.condition.state.isPast)
}
