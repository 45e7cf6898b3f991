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
