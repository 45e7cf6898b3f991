// The lists that can fill the middle of the screen: what each is called, its key, and what is particular about it.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

extension ViewName {
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

  /// The key that shows it: its number, and for the tree a letter.
  package var key: Key {
    guard self != .tree, let index = Self.allCases.firstIndex(of: self) else { return "t" }
    return .character(Character(String(index + 1)))
  }

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
  static func of(_ identity: RowIdentity) -> ViewName {
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
