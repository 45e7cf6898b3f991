// View 5: which teardown functions raise what.

import CtxtopModel
import CtxtopScreen

extension ListDefinition where Row == FailureRow {
  /// Failures of all workers together, the latest first.
  static let failures = ListDefinition(
    .failures,
    mostImportant: ["function", "count", "exception", "workers", "last_age", "request", "skipped", "first_age"],
    widths: ["function": 24, "exception": 20, "request": 18],
    emptyText: "no teardown function has raised",
    rows: \.failureGroups,
    identity: \.identity,
    mark: { StateLevel.warning.mark($1) })
}
