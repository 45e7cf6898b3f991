// What a command looks at: an app now, or a file with what was seen of one, at a moment of it.
//
//   Archive.swift   what files hold            DocumentFailure.swift, RecordingFailure.swift   why they cannot be read

import ArgumentParser
import CtxtopModel
import CtxtopStore

/// The target of a command that takes files as well, and the moment to look at.
struct SubjectArguments: ParsableArguments {
  @OptionGroup var target: TargetArgument

  @OptionGroup var moment: MomentOption

  /// The moment to look at, in a file.
  var at: TimeReference? { moment.at }

  /// What is known at that moment.
  func model() throws -> Model { try Subject.model(of: target.place(), at: at) }
}

/// The moment of a file to look at.
struct MomentOption: ParsableArguments {
  @Option(
    // `-5m` is a value here.
    parsing: .unconditional,
    help: ArgumentHelp(
      "In a file: the moment to look at, as 09:04, 2026-11-22T09:04:12Z, start, end, +90s, -5m or @seconds. (default: end)",
      valueName: "time"),
    transform: TimeReference.read)
  var at: TimeReference?
}

/// One model of whatever a target is.
enum Subject {
  /// An app is asked twice, so that rates are known and verdicts are confirmed. A recording is compared with the
  /// record before. A document says itself what was concluded.
  static func model(of place: Place, at time: TimeReference?) throws -> Model {
    var model: Model?
    try Series(place, at: time, count: 1).run { model = $0 }
    guard let model else { throw Failure("looking at the target", "there is nothing", "name another", .noInput) }
    return model
  }
}

extension Failure {
  /// `--at` was given for an app.
  static func noTimes(of endpoint: Endpoint, _ time: TimeReference) -> Failure { noTimes(of: endpoint.name, time) }

  /// The same for the apps of these names.
  static func noTimes(of names: String, _ time: TimeReference) -> Failure {
    let what =
      names.contains(", ") ? "are apps, which show themselves as they are" : "is an app, which shows itself as it is"
    return Failure(
      "looking at \(time.text)", "\(names) \(what) now", "leave --at out, or give a recording", .usage)
  }
}
