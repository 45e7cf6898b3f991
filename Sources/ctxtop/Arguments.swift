// Arguments that several commands have, and the checks that make them values.

import ArgumentParser
import CtxtopModel
import CtxtopReport
import CtxtopStore

/// The target of a command.
struct TargetArgument: ParsableArguments {
  @Argument(
    help: """
      An app's name, or a path to its socket or segment, to a recording, or to JSON that `ctxtop dump` wrote. \
      Default: the only app that runs here.
      """)
  var target: String?

  /// Finds what the user means.
  func place() throws -> Place {
    do { return try Target(target).locate(in: .ofThisUser()) } catch { throw Failure(error) }
  }
}

extension Place {
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

/// A time between 0.1 s and a day.
struct Seconds: ExpressibleByArgument {
  /// The time in nanoseconds.
  let nanoseconds: UInt64

  /// A time that is known to be valid.
  init(_ seconds: UInt64) { nanoseconds = seconds * 1_000_000_000 }

  init?(argument: String) {
    guard let seconds = Double(argument), seconds >= 0.1, seconds <= 86_400 else { return nil }
    nanoseconds = UInt64(seconds * 1_000_000_000)
  }

  var defaultValueDescription: String { "\(nanoseconds / 1_000_000_000)" }
  /// As it is told: `10`, `0.5`.
  var text: String { CheckRange.text(Double(nanoseconds) / 1e9) }
}

/// A number of snapshots, at least one.
struct Count: ExpressibleByArgument {
  /// The number.
  let value: Int

  /// A number that is known to be valid.
  init(_ value: Int) { self.value = value }

  init?(argument: String) {
    guard let value = Int(argument), value >= 1 else { return nil }
    self.value = value
  }

  var defaultValueDescription: String { "\(value)" }
}

extension TimeReference: ExpressibleByArgument {
  package init?(argument: String) { self.init(argument) }
}

/// What was given as the name of a table; whether there is one is said in the program's own words.
struct TableName: ExpressibleByArgument {
  /// What was given.
  let text: String

  init?(argument: String) { text = argument }

  static var allValueStrings: [String] { ReportTable.allCases.map(\.rawValue) }
}
