// View 2: what each thread, greenlet and task is serving right now.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension ListDefinition where Row == UnitRow {
  /// The units, the worst first, otherwise worker by worker; those of workers that are gone come last.
  static let units = ListDefinition(
    .units,
    mostImportant: [
      "pid", "unit", "state", "request", "request_age", "depth_app", "depth_request", "reused", "requests",
    ],
    widths: ["request": 22],
    emptyText: "no thread, greenlet or task has had an event yet",
    rows: { $0.unitRows.urgentFirst(\.state.level).pastLast },
    identity: \.identity,
    mark: { $0.state.level.mark($1) },
    isPast: { $0.unit.isGone || $0.condition.state.isPast })
}

extension [UnitRow] {
  /// What a dead worker's threads did is no news.
  fileprivate var pastLast: [UnitRow] {
    contains { $0.condition.state.isPast }
      ? filter { !$0.condition.state.isPast } + filter(\.condition.state.isPast) : self
  }
}

extension Array {
  /// What is wrong first, the worst of it at the top; all others stay as they come, whatever they do.
  func urgentFirst(_ level: (Element) -> StateLevel) -> [Element] {
    var urgent: [Element] = []
    var others: [Element] = []
    for element in self {
      if level(element) >= .warning { urgent.append(element) } else { others.append(element) }
    }
    return urgent.isEmpty ? others : urgent.worstFirst(level) + others
  }
}
