// By which column a view is sorted, and which columns it shows, as users write it.

/// A column to sort by.
package struct SortChoice: Equatable, Sendable {
  /// The column's id.
  package let column: String
  /// Whether the order is the inverse of the one that the column usually has.
  package let isInverse: Bool

  /// A column by its id.
  package init(_ column: String, isInverse: Bool = false) {
    self.column = column
    self.isInverse = isInverse
  }

  /// A column as users write it: `pid` in its usual order, `-pid` in the inverse one, `pid:asc` and `pid:desc`.
  package init(_ text: String, among columns: [ColumnName]) throws(SelectionError) {
    let isInverse = text.hasPrefix("-")
    let parts = text.dropFirst(isInverse ? 1 : 0).split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 1 || parts.count == 2 && !isInverse else { throw .badOrder(text) }
    let column = try columns.column(named: String(parts[0]))
    switch parts.count == 2 ? parts[1] : nil {
    case nil: self.init(column.id, isInverse: isInverse)
    case "asc": self.init(column.id, isInverse: column.isDescending)
    case "desc": self.init(column.id, isInverse: !column.isDescending)
    case _: throw .badOrder(text)
    }
  }

  /// As users write it: `pid` or `-pid`.
  package var text: String { (isInverse ? "-" : "") + column }
}

/// The columns that a view shows.
package enum ColumnChoice: Equatable, Sendable {
  /// Those that the view shows by itself.
  case usual
  /// Exactly these, from left to right.
  case only([String])
  /// The usual ones with some more and without some.
  case changed(shown: [String], hidden: [String])

  /// Columns as users write them: all of them `pid`, or all of them `+pid` or `-pid`; none: the usual ones.
  package init(_ texts: [String], among columns: [ColumnName]) throws(SelectionError) {
    if texts.isEmpty {
      self = .usual
      return
    }
    var (plain, shown, hidden): ([String], [String], [String]) = ([], [], [])
    for text in texts {
      let sign = text.first.flatMap { "+-".contains($0) ? $0 : nil }
      let id = try columns.column(named: sign == nil ? text : String(text.dropFirst())).id
      switch sign {
      case "+": shown.append(id)
      case "-": hidden.append(id)
      default:
        // Twice the same column is once too often.
        if plain.contains(id) { throw .columnTwice(id) }
        plain.append(id)
      }
    }
    guard plain.isEmpty || shown.isEmpty && hidden.isEmpty else { throw .mixedColumns }
    self = plain.isEmpty ? .changed(shown: shown, hidden: hidden) : .only(plain)
  }

  /// The ids of the columns to show, from left to right. `usual` and `all` are ids in the table's order; what is
  /// shown in addition takes its place in that order.
  package func ids(usual: [String], all: [String]) -> [String] {
    switch self {
    case .usual: usual
    case .only(let ids): ids.filter(all.contains)
    case .changed(let shown, let hidden):
      all.filter { (usual.contains($0) || shown.contains($0)) && !hidden.contains($0) }
    }
  }

  /// As users write it: `pid`, or `+pid` and `-pid`.
  package var texts: [String] {
    switch self {
    case .usual: []
    case .only(let ids): ids
    case .changed(let shown, let hidden): shown.map { "+" + $0 } + hidden.map { "-" + $0 }
    }
  }
}
