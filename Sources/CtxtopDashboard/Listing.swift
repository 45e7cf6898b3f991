// The rows of a view: who they are, and their order. Texts are made from them only when they are drawn.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// By what rows are sorted.
struct SortOrder: Equatable, Sendable {
  /// The column's id; nil: as they come, the worst first.
  var column: String?
  /// Whether the order is turned round: the greatest first, or the worst last.
  var isDescending = false

  /// The other way round.
  var inverted: SortOrder { SortOrder(column: column, isDescending: !isDescending) }

  /// By the neighbour among the columns that are visible, and by none again after the last.
  func moved(by distance: Int, in view: ViewKind, width: Int) -> SortOrder {
    let all = ListColumn.all(of: view)
    let layout = TableLayout(all.map { $0.tableColumn(sorting: nil) }, width: width - CtxtopScreen.Table.margin)
    let ids = [nil] + layout.places.map { Optional(all[$0.column].id) }
    let next = ids[((ids.firstIndex(of: column) ?? 0) + distance + ids.count) % ids.count]
    return SortOrder(column: next, isDescending: all.first { $0.id == next }?.isDescending ?? false)
  }

  /// The mark beside a column's title.
  func mark(of id: String) -> TableColumn.Sorting? {
    guard id == column else { return nil }
    return isDescending ? .descending : .ascending
  }
}

/// The rows of one view.
struct Listing: Sendable {
  private enum Rows: Sendable {
    case workers([WorkerRow])
    case failures([FailureRow])
    case verdicts([VerdictRow])
  }

  private let rows: Rows

  /// No rows.
  init() {
    rows = .workers([])
  }

  /// The rows of a view, sorted.
  init(_ view: ViewKind, of model: Model, by order: SortOrder) {
    switch view {
    case .workers: rows = .workers(sort(model.workerRows.worstFirst, by: order, in: .workers))
    case .failures: rows = .failures(sort(model.failureGroups, by: order, in: .failures))
    case .verdicts: rows = .verdicts(sort(model.verdictRows, by: order, in: .verdicts))
    }
  }

  /// How many there are.
  var count: Int {
    switch rows {
    case .workers(let rows): rows.count
    case .failures(let rows): rows.count
    case .verdicts(let rows): rows.count
    }
  }

  /// Who the row at an index is.
  func identity(at index: Int) -> RowIdentity {
    switch rows {
    case .workers(let rows): rows[index].identity
    case .failures(let rows): rows[index].identity
    case .verdicts(let rows): rows[index].identity
    }
  }

  /// Where a row is; nil when it is not here.
  func index(of identity: RowIdentity) -> Int? {
    (0..<count).first { self.identity(at: $0) == identity }
  }

  /// The rows in a range, ready to be drawn, with the cells of `columns`.
  func tableRows(_ range: Range<Int>, columns: [String], look: Look) -> [TableRow] {
    switch rows {
    case .workers(let rows):
      let cells = ListColumn.workers(columns)
      return rows[range].map { row in
        TableRow(cells.map { $0.span(of: row, isPast: row.condition.state.isPast, look: look) }, mark: row.mark(look))
      }
    case .failures(let rows):
      let cells = ListColumn.failures(columns)
      return rows[range].map { row in
        TableRow(cells.map { $0.span(of: row, isPast: false, look: look) }, mark: StateLevel.warning.mark(look))
      }
    case .verdicts(let rows):
      let cells = ListColumn.verdicts(columns)
      return rows[range].map { row in
        TableRow(
          cells.map { $0.span(of: row, isPast: false, look: look) }, mark: row.verdict.severity.level.mark(look))
      }
    }
  }
}

/// Rows by a column; as they come where the order names none.
private func sort<Row>(_ rows: [Row], by order: SortOrder, in table: CtxtopModel.Table<Row>) -> [Row] {
  guard let id = order.column, let column = table.column(id) else {
    return order.isDescending ? rows.reversed() : rows
  }
  return column.sorted(rows, descending: order.isDescending)
}

extension [WorkerRow] {
  /// By level alone: that `ok` and `busy` take turns must not make rows jump.
  fileprivate var worstFirst: [WorkerRow] {
    let order = indices.sorted { one, other in
      let levels = (self[one].condition.state.level, self[other].condition.state.level)
      return levels.0 == levels.1 ? one < other : levels.0 > levels.1
    }
    return order.map { self[$0] }
  }
}

extension WorkerRow {
  fileprivate func mark(_ look: Look) -> Span { condition.state.mark(look) }
}
