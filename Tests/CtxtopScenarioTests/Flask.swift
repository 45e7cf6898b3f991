// The versions of Flask whose traces are recorded, and what of each has to do with more than contexts.

import CtxtopContexts

enum Flask: String, Sendable {
  case v0_10 = "0.10.1"
  case v0_12 = "0.12.5"
  case v1_1 = "1.1.4"
  case v2_3 = "2.3.3"
  case v3_1 = "3.1.3"
  /// The main branch: no release of it yet, and contexts of another kind (Tests/Python/test_flask_traces.py).
  case main = "3.2"

  static let released = [v0_10, v0_12, v1_1, v2_3, v3_1]

  /// How contexts come and go there.
  var rules: ContextRules {
    switch self {
    case .v0_10: .flask0_10
    case .v0_12, .v1_1: .flask0_11
    case .v2_3, .v3_1: .flask2_2
    case .main: ContextRules(.finish)
    }
  }

  /// Whether `stream_with_context` pushes the contexts once more when the answer is first read, and not in the view.
  var streamsPushLate: Bool { self == .v3_1 || self == .main }

  /// Whether a server's call pushes the context where an error is answered already.
  var answersErrorsOfPush: Bool { self != .v0_10 && self != .v0_12 }
}
