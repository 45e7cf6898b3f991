// What visitors of the demo's shop do: the one table that its routes, its visitors and `--help` are made from.

/// A kind of visit.
package enum Visit: String, CaseIterable, Sendable {
  case account, item, basket, slow, stream, failing, search
  case cart, invoice, order, report, audit, export, job, hook, stray, warmup

  /// The path that is asked for; what follows the last `/` may vary.
  package var path: String { "/\(rawValue)" }

  /// Whether something is left behind by it, or may be.
  package var isDefect: Bool { Visit.defects.contains(self) }

  private static let defects: Set<Visit> = [
    .cart, .invoice, .order, .report, .audit, .export, .job, .hook, .stray, .warmup,
  ]

  /// How often it is made by default, in relation to the others.
  package var weight: Double {
    switch self {
    case .account: 30
    case .item: 40
    case .basket: 10
    case .slow: 6
    case .stream: 6
    case .failing: 1
    case .search: 7
    case .cart: 0.15
    case .invoice, .order, .report, .audit, .stray: 0.1
    case .export, .job, .hook, .warmup: 0.03
    }
  }

  /// What happens, for people.
  package var meaning: String {
    switch self {
    case .account: "says whose session serves the request"
    case .item: "reads from the database"
    case .basket: "writes to the database"
    case .slow: "takes 100 to 400 ms, a connection in its hands"
    case .stream: "a response in five parts"
    case .failing: "the handler throws: a 500"
    case .search: "takes a lock, and gives it back"
    case .cart: "a teardown function raises before the session is removed"
    case .invoice: "a teardown function of its group of routes raises"
    case .order: "the commit fails: --commit-on-teardown"
    case .report: "takes a connection by hand, and never returns it"
    case .audit: "a teardown function uses the session after it was removed"
    case .export: "takes a lock, and never gives it back"
    case .job: "a background thread pushes an app context, and ends"
    case .hook: "what is told of a pushed context throws"
    case .stray: "the handler pushes an app context, and does not pop it"
    case .warmup: "an app context is pushed between two requests, and stays"
    }
  }
}
