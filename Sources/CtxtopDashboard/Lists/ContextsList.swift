// View 3: all contexts that are on stacks.

import CtxtopModel
import CtxtopScreen

extension ListDefinition where Row == ContextRow {
  /// The contexts, the oldest first.
  static let contexts = ListDefinition(
    .contexts,
    mostImportant: [
      "pid", "unit", "kind", "condition", "age", "request", "owner", "frame", "requests_served", "holds",
    ],
    widths: ["owner": 24, "frame": 18],
    emptyText: "no context is on a stack",
    rows: \.contextRows,
    identity: \.identity,
    mark: { $0.shownState.level.mark($1) },
    isPast: \.condition.state.isPast)
}
