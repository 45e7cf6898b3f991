// All verdicts there are. Screen, JSON, `explain` and README are made from this table; a new verdict is a
// case, an entry in VerdictEntries.swift, and a Judge file.

/// The stable code of a verdict.
package enum VerdictCode: String, CaseIterable, Sendable {
  case contextLeftBehind = "CTX001"
  case reusedContext = "CTX002"
  case teardownFailed = "CTX003"
  case connectionOutlivesContext = "CTX004"
  case orphanSession = "CTX005"
  case contextVanished = "CTX006"
  case connectionCrossedFork = "CTX007"
  case workerWedged = "CTX008"
  case diedHolding = "CTX009"
  case hazard = "CTX010"

  /// Where it stands among others of its severity, the most pressing first: connections that run out come
  /// before the function whose failure made them.
  var place: Int {
    switch self {
    case .workerWedged: 0
    case .contextLeftBehind: 1
    case .reusedContext: 2
    case .connectionCrossedFork: 3
    case .connectionOutlivesContext: 4
    case .orphanSession: 5
    case .diedHolding: 6
    case .teardownFailed: 7
    case .contextVanished: 8
    case .hazard: 9
    }
  }

  /// What the catalogue says of it.
  package var entry: VerdictEntry {
    switch self {
    case .contextLeftBehind: VerdictCatalogue.contextLeftBehind
    case .reusedContext: VerdictCatalogue.reusedContext
    case .teardownFailed: VerdictCatalogue.teardownFailed
    case .connectionOutlivesContext: VerdictCatalogue.connectionOutlivesContext
    case .orphanSession: VerdictCatalogue.orphanSession
    case .contextVanished: VerdictCatalogue.contextVanished
    case .connectionCrossedFork: VerdictCatalogue.connectionCrossedFork
    case .workerWedged: VerdictCatalogue.workerWedged
    case .diedHolding: VerdictCatalogue.diedHolding
    case .hazard: VerdictCatalogue.hazard
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
  /// How it arises, one paragraph.
  package let cause: String
  /// A short program that shows it.
  package let example: String
}

/// The catalogue.
package enum VerdictCatalogue {
  /// All codes, in order.
  package static let all: [(code: VerdictCode, entry: VerdictEntry)] = VerdictCode.allCases.map { ($0, $0.entry) }

  /// The code that a user means: `CTX004`, `ctx4` or `4`; nil: there is none such.
  package static func code(named text: String) -> VerdictCode? {
    let upper = text.uppercased()
    let digits = upper.hasPrefix("CTX") ? String(upper.dropFirst(3)) : upper
    guard let number = Int(digits), !digits.isEmpty, digits.allSatisfy(\.isNumber) else { return nil }
    return VerdictCode.allCases.first { Int($0.rawValue.dropFirst(3)) == number }
  }
}
