// What a command looks at once: an app now, or a file with what was seen of one, at a moment of it.

import ArgumentParser
import CtxtopModel
import CtxtopStore

/// The target of a command that takes files as well, and the moment to look at.
struct SubjectArguments: ParsableArguments {
  @OptionGroup var target: TargetArgument

  @Option(
    // `-5m` is a value here.
    parsing: .unconditional,
    help: ArgumentHelp(
      "In a file: the moment to look at, as 09:04, 2026-11-22T09:04:12Z, start, end, +90s or -5m. (default: end)",
      valueName: "time"))
  var at: TimeReference?

  /// What is known at that moment.
  func model() throws -> Model { try Subject.model(of: target.place(), at: at) }
}

/// One model of whatever a target is.
enum Subject {
  /// An app is asked twice, so that rates are known and verdicts are confirmed. A recording is compared with the
  /// record before. A document says itself what was concluded.
  static func model(of place: Place, at time: TimeReference?) throws -> Model {
    switch place {
    case .live(let endpoint): return try model(of: endpoint, at: time)
    case .recording(let path), .document(let path):
      throw Failure("reading \(path)", "this version reads apps only", "give an app's name", .software)
    }
  }

  private static func model(of endpoint: Endpoint, at time: TimeReference?) throws -> Model {
    if let time {
      throw Failure(
        "looking at \(time.text)", "\(endpoint.name) is an app, which shows itself as it is now",
        "leave --at out, or give a recording", .usage)
    }
    var only: Model?
    try Series(endpoint: endpoint, count: 1, interval: SnapshotClient.usualGap).run { only = $0 }
    guard let only else { throw Failure(StoreError.silent(endpoint.name)) }
    return only
  }
}
