// Arguments that several commands have, and the checks that make them values.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopStore

/// The target of a command.
struct TargetArgument: ParsableArguments {
  @Argument(
    help: """
      An app's name, or a path to its socket or segment, to a recording, or to JSON that `ctxtop dump` wrote; or \
      ssh://[user@]host[:port]/ and an app's name or a path there. Default: the only app that runs here.
      """)
  var target: String?

  /// Finds what the user means.
  func place() throws -> Place { try .of(target) }
}

/// The targets of the dashboard.
struct TargetsArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      """
      An app's name, or a path to its socket or segment, to a recording, or to JSON that `ctxtop dump` wrote; or \
      ssh://[user@]host[:port]/ and an app's name or a path there. Default: the only app that runs here. Several apps \
      are watched together.
      """, valueName: "target"))
  var targets: [String] = []

  @Flag(help: "Watch all apps that run here, together.")
  var all = false

  /// The targets as they are written; those that run here if all are wanted.
  func texts() throws -> [String] {
    guard all else { return targets }
    guard targets.isEmpty else {
      throw Failure("reading --all", "it takes no target", "leave out either --all or the targets", .usage)
    }
    return try TargetList.running()
  }
}

extension Place {
  /// What a target means; nil: the only app that runs here. A host is connected to, with ssh's questions.
  static func of(_ text: String?) throws -> Place {
    do {
      let place = try Target(text).locate(in: .ofThisUser())
      if case .live(let endpoint) = place { try endpoint.host?.connect(asking: .atTerminal()) }
      return place
    } catch {
      throw Failure(error)
    }
  }

  /// The app itself, for what cannot be had from a file; `task` is a participle.
  func app(for task: String) throws -> Endpoint {
    switch self {
    case .live(let endpoint): return endpoint
    case .recording(let path), .document(let path):
      throw Failure(
        task, "\(path) holds what was seen of an app, and is no app", "give an app's name, or its socket", .usage)
    }
  }
}

/// An app, for commands that files are no use to.
struct AppArgument: ParsableArguments {
  @Argument(
    help: """
      An app's name, or a path to its socket or segment; or ssh://[user@]host[:port]/ and an app's name or a path \
      there. Default: the only app that runs here.
      """)
  var target: String?

  /// Finds what the user means; `task` is a participle.
  func app(for task: String) throws -> Endpoint { try Place.of(target).app(for: task) }
}

/// A value that can be too small, too large, or of another form: who gives it is told what it may be.
protocol LimitedArgument: ExpressibleByArgument {
  /// What it may be, behind "give".
  static var limits: String { get }
}

extension LimitedArgument {
  /// The value, as the `transform` of an option, whose help has to name its default; throws what it may be.
  @Sendable static func read(_ text: String) throws -> Self {
    guard let value = Self(argument: text) else { throw ValidationError("give \(limits)") }
    return value
  }
}

/// A time between 0.1 s and a day.
struct Seconds: LimitedArgument {
  static let limits = "seconds from 0.1 to 86400"

  /// The time in nanoseconds.
  let nanoseconds: UInt64

  /// A time that is known to be valid.
  init(_ seconds: UInt64) { nanoseconds = seconds * 1_000_000_000 }

  init?(argument: String) {
    guard let seconds = Double(argument), seconds >= 0.1, seconds <= 86_400 else { return nil }
    nanoseconds = UInt64(seconds * 1_000_000_000)
  }

  /// As it is told: `10`, `0.5`.
  var text: String { CheckRange.text(Double(nanoseconds) / 1e9) }
}

/// A number of snapshots, at least one.
struct Count: LimitedArgument {
  static let limits = "a whole number from 1"

  /// The number.
  let value: Int

  /// A number that is known to be valid.
  init(_ value: Int) { self.value = value }

  init?(argument: String) {
    guard let value = Int(argument), value >= 1 else { return nil }
    self.value = value
  }
}

extension TimeReference: LimitedArgument {
  static let limits = "09:04, 2026-11-22T09:04:12Z, start, end, +90s, -5m or @SECONDS since 1970"

  package init?(argument: String) { self.init(argument) }
}

/// What was given as the name of a table; whether there is one is said in the program's own words.
struct TableName: ExpressibleByArgument {
  /// What was given.
  let text: String

  init?(argument: String) { text = argument }

  static var allValueStrings: [String] { ReportTable.allCases.map(\.rawValue) }
}
