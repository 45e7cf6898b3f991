// What the user chose before the dashboard began: each view as it was asked for.

import CtxtopPattern
import CtxtopSelection
import CtxtopSettings

extension State {
  /// Takes over what was chosen. Settings are checked where they are read: what does not fit here is left out.
  mutating func adopt(_ settings: Settings) {
    for view in ViewName.allCases { lists[view] = ListState(settings[view], of: view) }
    view = settings.startView
    if view != .tree { viewBeforeTree = view }
  }
}

extension ListState {
  fileprivate init(_ settings: ViewSettings, of kind: ViewName) {
    let all = kind.definition.columns
    if let choice = settings.sort, let column = all.first(where: { $0.id == choice.column }) {
      sort = SortOrder(column: column.id, isDescending: column.isDescending != choice.isInverse)
    }
    if !settings.filter.isEmpty {
      filter = try? Pattern(settings.filter, columns: all.flatMap { [$0.id, $0.title] })
    }
    if settings.columns != .usual {
      columns = settings.columns.ids(usual: all.filter(\.isUsual).map(\.id), all: all.map(\.id))
    }
  }
}
