// Which columns a view has.

import CtxtopModel
import CtxtopSelection

extension ViewName {
  /// The columns of the view.
  package var columns: [ColumnName] { Self.columns[self] ?? [] }

  // Made once: the tables are computed anew each time that they are asked for.
  private static let columns = Dictionary(uniqueKeysWithValues: ViewName.allCases.map { ($0, $0.tableColumns) })

  private var tableColumns: [ColumnName] {
    switch self {
    case .workers: ColumnName.all(of: Table.workers)
    case .failures: ColumnName.all(of: Table.failures)
    case .verdicts: ColumnName.all(of: Table.verdicts)
    case .units: ColumnName.all(of: Table.units)
    case .contexts: ColumnName.all(of: Table.contexts)
    case .connections: ColumnName.all(of: Table.connections)
    case .tree: ColumnName.all(of: Table.tree)
    }
  }
}
