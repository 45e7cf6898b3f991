// What the dashboard remembers of each view: how its rows are ordered, filtered and shown, and which is selected.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen

/// How one view is shown.
struct ListState: Sendable {
  /// By what its rows are sorted.
  var sort = SortOrder()
  /// Which rows are shown; nil: all.
  var filter: Pattern?
  /// The columns that somebody chose, by id; nil: those that matter most.
  var columns: [String]?
  /// What is selected, by identity, so that it stays selected when rows move.
  var selection = Selection()
}

/// By what rows are sorted.
package struct SortOrder: Equatable, Sendable {
  /// The column's id; nil: as they come, the worst first.
  package var column: String?
  /// Whether the order is turned round: the greatest first, or the worst last.
  package var isDescending = false

  /// By a column, in a direction; without a column as they come.
  package init(column: String? = nil, isDescending: Bool = false) {
    self.column = column
    self.isDescending = isDescending
  }

  /// The other way round.
  var inverted: SortOrder { SortOrder(column: column, isDescending: !isDescending) }

  /// The mark beside a column's title.
  func mark(of id: String) -> TableColumn.Sorting? {
    guard id == column else { return nil }
    return isDescending ? .descending : .ascending
  }
}

/// What is selected in a view, and which part of its rows is on the screen.
struct Selection: Equatable, Sendable {
  /// The row; nil: there is none.
  var identity: RowIdentity?
  /// Whether somebody moved to it. Until then the first row is selected, whichever that is.
  var isChosen = false
  /// Where the row was last: if it vanishes, the row that takes its place is selected.
  var index = 0
  /// The row at the top of the list.
  var top = 0
}
