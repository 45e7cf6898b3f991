// What scenarios raise, and the names under which traces know errors.

import CtxtopContexts

/// What a scenario raises on purpose. `isBase`: what Flask answers with no page.
struct Raised: Error {
  var name: String
  var isBase = false
}

/// The answer was closed before its end: Python's GeneratorExit.
struct Closed: Error {}

/// Asked for what only a context has, and there is none.
struct Outside: Error {}

extension Flask {
  /// An error by the name that Flask's own has in a trace (Tests/Scenarios/player.py, `name_of`).
  func name(of error: (any Error)?) -> String {
    switch error {
    case nil: "none"
    case let raised as Raised: raised.name
    case is Closed: "closed"
    case is Outside: "outside"
    // Up to 3.1 each takes the place of the one before it; then they are a group.
    case let failure as TeardownFailure where self == .main: failure.errors.map(name).joined(separator: "+")
    case let failure as TeardownFailure: name(of: failure.errors.last)
    case let error as ContextError: name(ofContext: error)
    case let error?: "unknown: \(error)"
    }
  }

  private func name(ofContext error: ContextError) -> String {
    switch error {
    case .wrongContext: "wrong_context"
    case .notPushed: "not_pushed"
    // A stack of Werkzeug's gives nothing, which is then the wrong context; a variable says that it has none.
    case .emptyStack: rules.removal == .top ? "wrong_context" : "not_pushed"
    case .noContext: "outside"
    case .otherUnit: "other_unit"
    default: "\(error)"
    }
  }

  /// Whether no page is made of an error: it leaves the application as it is.
  func isBase(_ error: any Error) -> Bool {
    if let failure = error as? TeardownFailure { return failure.errors.last.map(isBase) ?? false }
    return (error as? Raised)?.isBase ?? (error is Closed)
  }
}
