// What is wanted of a table, as users write it: which columns, which rows, in which order. The dashboard, its settings
// and the reports all go by it. Pure: nothing here knows what a screen or a file is.
//
//   TableSelection.swift   the three together      SelectionError.swift   what is wrong with one
//   ColumnChoice.swift     columns and order       ColumnName.swift       which columns there are
//   RowWords.swift         rows by a pattern       Nearest.swift          what somebody may have meant

import CtxtopModel
import CtxtopPattern

/// What is wanted of a table.
package struct TableSelection: Sendable {
  /// Which columns.
  package var columns = ColumnChoice.usual
  /// Which rows; nil: all.
  package var filter: Pattern?
  /// In which order; nil: as the table has them.
  package var sort: SortChoice?

  /// All of it.
  package init() {}

  /// What users wrote; nil: they did not. `names` are the columns that there are.
  package init(columns: [String]?, filter: String?, sort: String?, among names: [ColumnName]) throws(SelectionError) {
    if let columns { self.columns = try ColumnChoice(columns, among: names) }
    if let filter {
      do {
        self.filter = try Pattern(filter, columns: names.flatMap { [$0.id, $0.title] })
      } catch {
        throw .badPattern(filter, error)
      }
    }
    if let sort { self.sort = try SortChoice(sort, among: names) }
  }

  /// The indices of the rows that are wanted, in their order.
  package func order<Row>(of rows: [Row], in table: Table<Row>) -> [Int] {
    var order = Array(rows.indices)
    if let sort, let column = table.column(sort.column) {
      order = column.order(of: rows, descending: column.isDescending != sort.isInverse)
    }
    guard let filter else { return order }
    filter.beginPass()
    return RowWords(filter, table: table).matches(in: rows, order)
  }
}
