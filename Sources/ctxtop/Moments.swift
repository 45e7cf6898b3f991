// The two moments that `ctxtop diff` compares, and what must hold of them.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// Two moments as they stand on the command line.
struct Moments {
  private let first: (name: String, time: TimeReference?)
  private let second: (name: String, time: TimeReference?)
  private let isOneFile: Bool

  /// `times`: one for each recording, or one for both.
  init(_ first: String, _ second: String?, _ times: [TimeReference]) {
    isOneFile = second == nil
    let end = isOneFile ? TimeReference("end") : times.first
    self.first = (first, times.first ?? (isOneFile ? TimeReference("start") : nil))
    self.second = (second ?? first, times.count > 1 ? times[1] : end)
  }

  /// What lies between them.
  func difference(ofAnyApp isAnyApp: Bool) throws -> Difference {
    let places = (try Self.place(first.name), try Self.place(second.name))
    if isOneFile, case .recording = places.0 {
    } else if isOneFile {
      throw Failure(
        "comparing \(first.name)", "that is one moment", "give two moments, or a recording", .usage)
    }
    let before = try Self.model(places.0, first.time)
    let after = try Self.model(places.1, second.time)
    try check(before.now, after.now, isAnyApp)
    return Difference(from: before.confirmed(by: after), to: after.confirmed(by: before))
  }

  private static func place(_ name: String) throws -> Place {
    do { return try Target(name).locate(in: .ofThisUser()) } catch { throw Failure(error) }
  }

  private static func model(_ place: Place, _ time: TimeReference?) throws -> Model {
    // A time is for recordings: the other one may be a document, or an app.
    if case .recording = place { return try Subject.model(of: place, at: time) }
    return try Subject.model(of: place, at: nil)
  }

  private func check(_ before: Snapshot, _ after: Snapshot, _ isAnyApp: Bool) throws {
    let tried = isOneFile ? "comparing two moments of \(first.name)" : "comparing \(first.name) with \(second.name)"
    if before.service != after.service, !isAnyApp {
      throw Failure(
        tried, "they are two apps, \(before.service) and \(after.service)",
        "with --any-app they are compared all the same",
        .usage)
    }
    if after.wallTime < before.wallTime {
      throw Failure(
        tried,
        "the second moment (\(Format.time(after.wallTime))) is before the first (\(Format.time(before.wallTime)))",
        "give the earlier one first", .usage)
    }
  }
}
