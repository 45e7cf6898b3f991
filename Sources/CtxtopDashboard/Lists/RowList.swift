// The rows of a view in their order. Texts are made from them only when they are drawn.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSelection
import CtxtopSnapshot

/// The rows of a view, whatever they are.
protocol RowList: Sendable {
  /// How many are shown.
  var count: Int { get }
  /// How many there would be without a filter.
  var total: Int { get }
  /// Who the row at an index is.
  func identity(at index: Int) -> RowIdentity
  /// Where a row is; nil when it is not here.
  func index(of identity: RowIdentity) -> Int?
  /// The nearest row that a pattern means, beginning with `start` and going on round the end; nil: none.
  func nearest(_ pattern: Pattern, from start: Int, by step: Int) -> Int?
  /// The rows in a range, ready to be drawn, with the cells of `columns`.
  func tableRows(_ range: Range<Int>, columns: [String], look: Look) -> [TableRow]
  /// A row as names and values, for whoever copies it.
  func text(at index: Int) -> String
}

/// The rows of a view that has none.
struct NoRows: RowList {
  var count: Int { 0 }
  var total: Int { 0 }
  func identity(at index: Int) -> RowIdentity { preconditionFailure("there is no row") }
  func index(of identity: RowIdentity) -> Int? { nil }
  func nearest(_ pattern: Pattern, from start: Int, by step: Int) -> Int? { nil }
  func tableRows(_ range: Range<Int>, columns: [String], look: Look) -> [TableRow] { [] }
  func text(at index: Int) -> String { "" }
}

/// Rows of one kind, in an order.
struct ListedRows<Row: Sendable>: RowList {
  /// All rows.
  let rows: [Row]
  /// Which of them are shown, in their order; nil: all as they come.
  let order: [Int]?
  /// What is particular about them.
  let definition: ListDefinition<Row>

  var count: Int { order?.count ?? rows.count }
  var total: Int { rows.count }

  private func row(at index: Int) -> Row { rows[order?[index] ?? index] }

  func identity(at index: Int) -> RowIdentity { definition.identity(row(at: index)) }

  func index(of identity: RowIdentity) -> Int? {
    (0..<count).first { definition.identity(row(at: $0)) == identity }
  }

  func nearest(_ pattern: Pattern, from start: Int, by step: Int) -> Int? {
    let words = definition.words(of: pattern)
    let count = count
    guard count > 0 else { return nil }
    pattern.beginPass()
    return (0..<count).lazy.map { ((start + $0 * step) % count + count) % count }.first { words.match(row(at: $0)) }
  }

  func tableRows(_ range: Range<Int>, columns ids: [String], look: Look) -> [TableRow] {
    // What is asked of a column is asked once, not in each row.
    let cells = ids.compactMap { definition.places[$0] }.map { place in
      let column = definition.table.columns[place]
      return (value: column.value, role: column.role)
    }
    return range.map { index in
      let row = row(at: index)
      let isPast = definition.isPast(row)
      return TableRow(
        cells.map { Span($0.value(row), $0.role, isPast: isPast, look: look) }, mark: definition.mark(row, look))
    }
  }

  func text(at index: Int) -> String {
    let row = row(at: index)
    return RowText.of(definition.table.columns.map { ($0.id, $0.value(row)) })
  }
}
