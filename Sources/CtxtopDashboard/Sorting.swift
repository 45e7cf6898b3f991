// By what the shown view is sorted, and which of its columns are shown.

import CtxtopModel
import CtxtopScreen

extension State {
  /// Sorts by the neighbour among the columns that are visible, and by none again after the last.
  mutating func sort(by distance: Int) {
    let ids = [nil] + shownColumns.map { Optional($0.column.id) }
    sort(by: ids[((ids.firstIndex(of: sort.column) ?? 0) + distance + ids.count) % ids.count])
  }

  /// Sorts by a column, beginning with what one looks for: the greatest number, the first name.
  mutating func sort(by id: String?) {
    let column = view.definition.columns.first { $0.id == id }
    listState.sort = SortOrder(column: id, isDescending: column?.isDescending ?? false)
    rebuildRows()
  }

  mutating func invertSort() {
    listState.sort = sort.inverted
    rebuildRows()
  }

  /// Whether several targets are watched.
  var hasTargets: Bool { model?.hasTargets ?? false }

  /// The columns that there are to choose from.
  private var allColumns: [ListColumn] { view.definition.columns.filter { hasTargets || !$0.isOfSeveral } }

  /// The columns to sort by.
  var sortMenu: ChoiceMenu {
    let columns = allColumns
    let entries =
      [ChoiceMenu.Entry(id: nil, title: "as they come", help: "the worst first")]
      + columns.map { ChoiceMenu.Entry(id: $0.id, title: $0.title, help: $0.help) }
    return ChoiceMenu(.sort, entries: entries, selected: sort.column)
  }

  /// The columns to show.
  var columnMenu: ChoiceMenu {
    let chosen = Set(ListColumn.all(of: view, chosen: listState.columns, several: hasTargets).map(\.id))
    let entries = allColumns.map { column in
      ChoiceMenu.Entry(id: column.id, title: column.title, help: column.help, isChecked: chosen.contains(column.id))
    }
    return ChoiceMenu(.columns, entries: entries, selected: nil)
  }

  /// Shows the columns that are checked; what nobody has changed goes on to follow the width.
  mutating func show(columns ids: [String]) {
    let usual = ListColumn.all(of: view, several: hasTargets).map(\.id)
    listState.columns = ids == usual ? nil : ids
    // A list without any column would be an empty screen.
    if ids.isEmpty { listState.columns = nil }
    rebuildRows()
  }
}
