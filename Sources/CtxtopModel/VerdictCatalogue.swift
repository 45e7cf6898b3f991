// All verdicts there are. Screen, JSON, `explain` and README are made from this table; a new verdict is a
// case, an entry, and a Judge file.

/// The stable code of a verdict.
package enum VerdictCode: String, CaseIterable, Sendable {
  case contextLeftBehind = "CTX001"
  case reusedContext = "CTX002"
  case teardownFailed = "CTX003"
  case connectionOutlivesContext = "CTX004"

  /// Where it stands among others of its severity, the most pressing first: connections that run out come
  /// before the function whose failure made them.
  var place: Int {
    switch self {
    case .contextLeftBehind: 1
    case .reusedContext: 2
    case .connectionOutlivesContext: 3
    case .teardownFailed: 4
    }
  }

  /// What the catalogue says of it.
  package var entry: VerdictEntry {
    switch self {
    case .contextLeftBehind: VerdictCatalogue.contextLeftBehind
    case .reusedContext: VerdictCatalogue.reusedContext
    case .teardownFailed: VerdictCatalogue.teardownFailed
    case .connectionOutlivesContext: VerdictCatalogue.connectionOutlivesContext
    }
  }
}

/// One line of the catalogue.
package struct VerdictEntry: Equatable, Sendable {
  /// The name.
  package let name: String
  /// How bad it is.
  package let severity: Severity
  /// What to do.
  package let remedy: String
  /// What it means, one paragraph.
  package let meaning: String
}

/// The catalogue.
package enum VerdictCatalogue {
  /// All codes, in order.
  package static let all: [(code: VerdictCode, entry: VerdictEntry)] = VerdictCode.allCases.map { ($0, $0.entry) }

  static let contextLeftBehind = VerdictEntry(
    name: "context left behind", severity: .critical,
    remedy:
      "Restart the worker now, gracefully. Then find what keeps the context from being popped: a push without a pop, "
      + "or something that raises while contexts are pushed or torn down.",
    meaning: """
      An app or request context is still on the stack of its thread, greenlet or task although its owner has \
      finished: the request that pushed it is closed, another request has begun, or the thread is gone. Somebody \
      pushed it and never popped it, or something raised in between. Whatever g and the session hold stays alive, and \
      the next request of that thread may see it. A context whose request is still open is never reported, \
      however long it takes.
      """)

  static let reusedContext = VerdictEntry(
    name: "reused context", severity: .critical,
    remedy:
      "Restart the worker now, gracefully: requests see the state of another one. Then remove the cause of CTX001.",
    meaning: """
      Requests run on an app context that they did not push. They share g, and everything that is kept per app \
      context, with whoever left it there: a database session with another user's transaction, for instance.
      """)

  static let teardownFailed = VerdictEntry(
    name: "teardown failed", severity: .warning,
    remedy: "Make the function catch its own errors, or guard teardown, so that the functions behind it still run.",
    meaning: """
      A function registered with teardown_appcontext or teardown_request raised. In Flask up to 3.1 the functions \
      that would have run after it are skipped, and so is what they would have freed: sessions, connections, locks.
      """)

  static let connectionOutlivesContext = VerdictEntry(
    name: "connection outlives its context", severity: .warning,
    remedy:
      "Return the connection where it was taken (the frame below), in a `with` block or a teardown that cannot fail.",
    meaning: """
      A database connection is checked out, but the context that took it has ended and the response of its request \
      is closed: nobody is left to return it. When all connections of the pool are gone, every request that needs \
      one waits for the pool's timeout and fails. A connection taken outside of any context has no holder and is \
      never reported.
      """)
}
