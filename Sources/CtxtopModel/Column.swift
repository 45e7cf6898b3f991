// A column of a table, described once: the screen, the sort menu, CSV, the legend and the README are made
// from the same table of these.

/// On which side a column's text stands.
package enum Alignment: Sendable {
  case left, right
}

/// Where a column appears. Which ones a narrow screen drops first is the screen's matter.
package enum Presence: Sendable {
  /// On the screen and in files.
  case everywhere
  /// In files; on the screen where somebody asks for it.
  case file
  /// Where several targets are watched: alone it would say the same in every row.
  case several
}

/// One column of a table of `Row`s.
package struct Column<Row>: Sendable {
  /// Its name in CSV; the JSON schema's name where that has one. A contract: add, never rename.
  package let id: String
  /// Its heading on the screen.
  package let title: String
  /// What it says, for legend and README.
  package let description: String
  /// The unit of its raw values; nil for plain numbers and texts.
  package let unit: String?
  /// On which side its text stands.
  package let alignment: Alignment
  /// Cells it takes at least.
  package let width: Int
  /// Its part of the cells that are left over; 0: none.
  package let weight: Int
  /// Where it appears.
  package let presence: Presence
  /// Whether sorting by it begins with the greatest.
  package let isDescending: Bool
  /// Its value in a row.
  package let value: @Sendable (Row) -> Value

  init(
    _ id: String, _ title: String, _ description: String, unit: String? = nil, alignment: Alignment = .right,
    width: Int, weight: Int = 0, presence: Presence = .everywhere, isDescending: Bool = true,
    value: @escaping @Sendable (Row) -> Value
  ) {
    self.id = id
    self.title = title
    self.description = description
    self.unit = unit
    self.alignment = alignment
    self.width = width
    self.weight = weight
    self.presence = presence
    self.isDescending = isDescending
    self.value = value
  }
}

/// A table of rows: its name and its columns.
package struct Table<Row>: Sendable {
  /// Its name on the command line and in file names, e.g. `workers`.
  package let name: String
  /// Its title on the screen, e.g. `Workers`.
  package let title: String
  /// Its columns from left to right.
  package let columns: [Column<Row>]

  /// The column of an id.
  package func column(_ id: String) -> Column<Row>? { columns.first { $0.id == id } }
}

extension Table {
  /// The table with the snapshot's time as its first column, for files that hold several snapshots.
  package func withTime(_ wallTime: UInt64) -> Table {
    let time = Column<Row>("time", "TIME", "when the snapshot was", unit: "time", width: 20, presence: .file) { _ in
      .time(wallTime)
    }
    return Table(name: name, title: title, columns: [time] + columns)
  }
}
