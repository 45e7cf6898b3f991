// View 1: the workers of the service.

import CtxtopModel
import CtxtopScreen

extension ListDefinition where Row == WorkerRow {
  /// The workers, the worst first.
  static let workers = ListDefinition(
    .workers,
    mostImportant: [
      "pid", "state", "contexts_leaked", "connections_checked_out", "teardown_failures", "requests_per_second",
      "in_flight", "latency_p99", "now", "depth_app", "rss_bytes", "uptime", "depth_request",
    ],
    widths: ["state": 9, "now": 22],
    emptyText: "no worker is attached",
    rows: { $0.workerRows.worstFirst { $0.condition.state.level } },
    identity: \.identity,
    mark: { $0.condition.state.mark($1) },
    isPast: \.condition.state.isPast)
}

extension Array {
  /// By level alone: that `ok` and `busy` take turns must not make rows jump.
  func worstFirst(_ level: (Element) -> StateLevel) -> [Element] {
    let levels = map(level)
    let order = indices.sorted { one, other in
      levels[one] == levels[other] ? one < other : levels[one] > levels[other]
    }
    return order.map { self[$0] }
  }
}
