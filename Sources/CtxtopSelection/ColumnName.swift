// The columns of a table by their names. The names come from the model's tables: whatever these have can be chosen.

import CtxtopModel

/// A column as users may name it.
package struct ColumnName: Equatable, Sendable {
  /// Its name in CSV.
  package let id: String
  /// Its heading on the screen.
  package let title: String
  /// What it says.
  package let description: String
  /// Whether the screen shows it only where somebody asks for it.
  package let isOnDemand: Bool
  /// Whether its usual order begins with the greatest.
  package let isDescending: Bool

  /// The columns of a table, from left to right.
  package static func all<Row>(of table: Table<Row>) -> [ColumnName] {
    table.columns.map { column in
      ColumnName(
        id: column.id, title: column.title, description: column.description, isOnDemand: column.presence == .file,
        isDescending: column.isDescending)
    }
  }
}

extension [ColumnName] {
  /// The column that a user means: by id or by heading, in capitals or not.
  package func column(named text: String) throws(SelectionError) -> ColumnName {
    if let column = first(where: { $0.id == text }) { return column }
    let word = text.lowercased()
    if let column = first(where: { $0.id == word || $0.title.lowercased() == word }) { return column }
    let ids = map(\.id)
    throw .noSuchColumn(text, near: Nearest.of(word, among: ids), all: ids)
  }
}
