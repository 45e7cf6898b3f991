// View 6: what is wrong.

import CtxtopModel
import CtxtopScreen

extension ListDefinition where Row == VerdictRow {
  /// The verdicts, the worst first.
  static let verdicts = ListDefinition(
    .verdicts,
    mostImportant: ["code", "message", "pid", "age", "count", "severity", "unit"],
    emptyText: "nothing is wrong",
    rows: \.verdictRows,
    identity: \.identity,
    mark: { $0.verdict.severity.level.mark($1) })
}
