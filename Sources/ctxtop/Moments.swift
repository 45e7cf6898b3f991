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
    let (before, after, passing) = try isOneFile ? ofOneFile() : ofTwo()
    try check(before.now, after.now, isAnyApp)
    return Difference(from: before, to: after, passing: passing)
  }

  private func ofTwo() throws -> (Model, Model, Passing?) {
    var hasSeveral = false
    func model(_ moment: (name: String, time: TimeReference?)) throws -> Model {
      let place = try Place.of(moment.name)
      guard let archive = try place.archive() else { return try Subject.model(of: place, at: nil) }
      hasSeveral = hasSeveral || archive.count > 1
      // A time chooses among several.
      let index = try archive.index(at: archive.count > 1 ? moment.time : nil)
      return try Self.model(archive, index)
    }
    let models = (try model(first), try model(second))
    if !hasSeveral, let time = first.time ?? second.time {
      throw Failure(
        "looking at \(time.text)", "neither \(first.name) nor \(second.name) has several moments",
        "leave --at out, or give a recording", .usage)
    }
    return (models.0, models.1, nil)
  }

  private func ofOneFile() throws -> (Model, Model, Passing?) {
    let archive = try Place.of(first.name).archive()
    guard let archive, archive.count > 1 else {
      throw Failure("comparing \(first.name)", "that is one moment", "give two, or a recording", .usage)
    }
    let indices = (try archive.index(at: first.time), try archive.index(at: second.time))
    guard indices.0 != indices.1 else {
      throw Failure("comparing two moments of \(first.name)", "they are one", "give times that lie apart", .usage)
    }
    let models = (try Self.model(archive, indices.0), try Self.model(archive, indices.1))
    return (models.0, models.1, archive.passing(between: indices.0, and: indices.1))
  }

  private static func model(_ archive: any Archive, _ index: Int) throws -> Model {
    let model = try archive.model(at: index)
    if archive is DocumentMoments, !model.isTold {
      throw Failure(
        "comparing \(archive.path)", "it holds facts without conclusions, as an exporter answers to `json`",
        "make it with `ctxtop dump -f json`", .badData)
    }
    return model.isConfirmed ? model : confirmed(model, archive, index)
  }

  /// The first record of a recording, or the first behind a gap, has none before it: the one behind it will do.
  private static func confirmed(_ model: Model, _ archive: any Archive, _ index: Int) -> Model {
    guard index + 1 < archive.count, let next = try? archive.model(at: index + 1),
      next.earlier?.monotonicTime == model.now.monotonicTime
    else { return model }
    return model.confirmed(by: next)
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
