// What is particular about each view stands in one definition of it (WorkersList.swift, UnitsList.swift, ...). Order,
// filter, search, selection, drawing and copying work alike in all of them, from the definition and the table of the model.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSelection
import CtxtopSnapshot

/// A view's definition, whatever its rows are.
protocol ListDefining: Sendable {
  /// All columns that the view can show, from left to right.
  var columns: [ListColumn] { get }
  /// Stands in place of rows when there are none.
  var emptyText: String { get }
  /// The rows that a state of the list shows.
  func rows(of model: Model, _ state: ListState, branches: [RowIdentity: Bool]) -> any RowList
}

/// The definition of a view of `Row`s.
struct ListDefinition<Row: Sendable>: ListDefining {
  /// What its columns say.
  let table: CtxtopModel.Table<Row>
  /// All columns that the view can show, from left to right.
  let columns: [ListColumn]
  /// Where in the table each column stands, by its id.
  let places: [String: Int]
  let emptyText: String
  /// All rows, in the order in which they are shown when none is chosen.
  let all: @Sendable (Model) -> [Row]
  /// Who a row is, over all snapshots.
  let identity: @Sendable (Row) -> RowIdentity
  /// The sign left of a row.
  let mark: @Sendable (Row, Look) -> Span
  /// Whether a row shows the past, and recedes.
  let isPast: @Sendable (Row) -> Bool

  /// A view of the rows of a table; `mostImportant`: the columns that stay longest where not all fit, by id; `widths`:
  /// what their texts need where that is more than the table says, so that they say something before others appear.
  init(
    _ table: CtxtopModel.Table<Row>, mostImportant: [String], widths: [String: Int] = [:], emptyText: String,
    rows all: @escaping @Sendable (Model) -> [Row], identity: @escaping @Sendable (Row) -> RowIdentity,
    mark: @escaping @Sendable (Row, Look) -> Span, isPast: @escaping @Sendable (Row) -> Bool = { _ in false }
  ) {
    self.table = table
    self.emptyText = emptyText
    self.all = all
    self.identity = identity
    self.mark = mark
    self.isPast = isPast
    places = Dictionary(table.columns.enumerated().map { ($1.id, $0) }) { first, _ in first }
    columns = table.columns.map { column in
      ListColumn(
        // Which target a row belongs to matters most: process ids of two hosts may be the same.
        column,
        importance: column.presence == .several ? 101 : 100 - (mostImportant.firstIndex(of: column.id) ?? 50),
        width: widths[column.id])
    }
  }

  func rows(of model: Model, _ state: ListState, branches: [RowIdentity: Bool]) -> any RowList {
    let rows = all(model)
    return ListedRows(rows: rows, order: order(of: rows, state), definition: self)
  }

  /// Which rows are shown, in their order; nil: all as they come.
  private func order(of rows: [Row], _ state: ListState) -> [Int]? {
    var order: [Int]?
    if let id = state.sort.column, let column = table.column(id) {
      order = column.order(of: rows, descending: state.sort.isDescending)
    } else if state.sort.isDescending {
      order = rows.indices.reversed()
    }
    guard let filter = state.filter else { return order }
    filter.beginPass()
    return words(of: filter).matches(in: rows, order ?? Array(rows.indices))
  }

  /// How rows are compared with a pattern.
  func words(of pattern: Pattern) -> RowWords<Row> { RowWords(pattern, table: table) }
}
