// Which columns of a table are shown in a width, and how wide each is.

/// A column of a table.
package struct TableColumn: Equatable, Sendable {
  /// Stands above it.
  package var title: String
  /// How wide it is, in columns of the screen.
  package var width: Int
  /// On which side its texts stand.
  package var alignment: Alignment
  /// How much it matters: where not all fit, the least goes first.
  package var weight: Int
  /// Whether it takes what is left over.
  package var grows: Bool
  /// Whether rows are sorted by it, and in which direction.
  package var sorting: Sorting?

  /// In which direction rows are sorted.
  package enum Sorting: Sendable {
    case ascending
    case descending
  }

  /// A column of a fixed width, unless it grows.
  package init(
    _ title: String, width: Int, alignment: Alignment = .left, weight: Int = 50, grows: Bool = false,
    sorting: Sorting? = nil
  ) {
    self.title = title
    self.width = width
    self.alignment = alignment
    self.weight = weight
    self.grows = grows
    self.sorting = sorting
  }
}

/// Where each visible column of a table lies.
package struct TableLayout: Equatable, Sendable {
  /// A column that is shown: its index in the table, and its place relative to the table's left edge.
  package struct Place: Equatable, Sendable {
    /// Index in the table's columns.
    package var column: Int
    /// First column of the screen.
    package var x: Int
    /// Columns of the screen.
    package var width: Int
  }

  /// The visible columns from left to right.
  package private(set) var places: [Place] = []
  /// Columns of the screen between two columns of the table.
  package static let gap = 1

  /// Chooses columns for a width. The column that matters most is shown even when it has to be cut.
  package init(_ columns: [TableColumn], width: Int) {
    guard width > 0 else { return }
    var shown: [Int] = []
    var used = 0
    // Stable: of two that matter equally, the left one stays.
    let byWeight = columns.indices.sorted { (columns[$0].weight, -$0) > (columns[$1].weight, -$1) }
    for index in byWeight {
      let needed = max(1, columns[index].width) + (shown.isEmpty ? 0 : TableLayout.gap)
      guard used + needed <= width || shown.isEmpty else { break }
      shown.append(index)
      used += needed
    }
    var x = 0
    var spare = max(0, width - used)
    for index in shown.sorted() {
      var wide = min(max(1, columns[index].width), width)
      if columns[index].grows {
        wide += spare
        spare = 0
      }
      places.append(Place(column: index, x: x, width: wide))
      x += wide + TableLayout.gap
    }
  }
}
