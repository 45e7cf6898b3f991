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
  /// Its part of what is left over; 0: none.
  package var share: Int
  /// How many characters at the end of a text stay when it has to be cut.
  package var tail = 0
  /// Whether rows are sorted by it, and in which direction.
  package var sorting: Sorting?

  /// In which direction rows are sorted.
  package enum Sorting: Sendable {
    case ascending
    case descending
  }

  /// A column of a fixed width, unless it has a share in what is left over.
  package init(
    _ title: String, width: Int, alignment: Alignment = .left, weight: Int = 50, share: Int = 0,
    sorting: Sorting? = nil
  ) {
    self.title = title
    self.width = width
    self.alignment = alignment
    self.weight = weight
    self.share = share
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
    place(shown.sorted(), of: columns, width: width, spare: max(0, width - used))
  }

  private mutating func place(_ shown: [Int], of columns: [TableColumn], width: Int, spare: Int) {
    var x = 0
    var spare = spare
    var shares = shown.reduce(0) { $0 + max(0, columns[$1].share) }
    for index in shown {
      let share = max(0, columns[index].share)
      // What rounding leaves over goes to the last that has a share.
      let extra = share == 0 ? 0 : spare * share / shares
      shares -= share
      spare -= extra
      let wide = min(max(1, columns[index].width), width) + extra
      places.append(Place(column: index, x: x, width: wide))
      x += wide + TableLayout.gap
    }
  }
}
