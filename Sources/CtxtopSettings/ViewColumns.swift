// Which columns a view has. The names come from the model's tables: whatever these have can be chosen.

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
}

extension ViewName {
  /// The columns of the view.
  package var columns: [ColumnName] { Self.columns[self] ?? [] }

  /// The id of the column that a user means: by id or by heading, in capitals or not; nil: there is none such.
  func column(named text: String) -> String? {
    if columns.contains(where: { $0.id == text }) { return text }
    return columns.first { $0.id == text.lowercased() || $0.title.lowercased() == text.lowercased() }?.id
  }

  // Made once: the tables are computed anew each time that they are asked for.
  private static let columns = Dictionary(uniqueKeysWithValues: ViewName.allCases.map { ($0, $0.tableColumns) })

  private var tableColumns: [ColumnName] {
    switch self {
    case .workers: Self.names(of: Table.workers)
    case .failures: Self.names(of: Table.failures)
    case .verdicts: Self.names(of: Table.verdicts)
    case .units: Self.names(of: Table.units)
    case .contexts: Self.names(of: Table.contexts)
    case .connections: Self.names(of: Table.connections)
    case .tree: Self.names(of: Table.tree)
    }
  }

  private static func names<Row>(of table: Table<Row>) -> [ColumnName] {
    table.columns.map { column in
      ColumnName(
        id: column.id, title: column.title, description: column.description, isOnDemand: column.presence == .file)
    }
  }
}
