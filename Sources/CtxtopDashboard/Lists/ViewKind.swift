// The lists that can fill the middle of the screen.

import CtxtopModel
import CtxtopScreen

/// A list that fills the middle of the screen. Its number is its key; the tree has a letter.
package enum ViewKind: Int, CaseIterable, Hashable, Sendable {
  case workers = 1
  case units
  case contexts
  case connections
  case failures
  case verdicts
  case tree

  /// What it is called on the screen.
  package var title: String {
    switch self {
    case .workers: "Workers"
    case .units: "Units"
    case .contexts: "Contexts"
    case .connections: "Connections"
    case .failures: "Failures"
    case .verdicts: "Verdicts"
    case .tree: "Tree"
    }
  }

  /// What it is called on the command line and in the settings.
  package var name: String { title.lowercased() }

  /// The key that shows it.
  package var key: Key { self == .tree ? "t" : .character(Character(String(rawValue))) }

  /// What is particular about it.
  var definition: any ListDefining {
    switch self {
    case .workers: ListDefinition<WorkerRow>.workers
    case .units: ListDefinition<UnitRow>.units
    case .contexts: ListDefinition<ContextRow>.contexts
    case .connections: ListDefinition<HoldingRow>.connections
    case .failures: ListDefinition<FailureRow>.failures
    case .verdicts: ListDefinition<VerdictRow>.verdicts
    case .tree: TreeDefinition()
    }
  }

  /// The view in which a row is a line of its own.
  static func of(_ identity: RowIdentity) -> ViewKind {
    switch identity {
    case .target: .tree
    case .worker: .workers
    case .unit: .units
    case .context: .contexts
    case .connection, .session, .resource: .connections
    case .failure: .failures
    case .verdict: .verdicts
    }
  }
}
