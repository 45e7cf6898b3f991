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
    let (before, after) = try isOneFile ? ofOneFile() : ofTwo()
    try check(before.now, after.now, isAnyApp)
    return Difference(from: before.confirmed(by: after), to: after.confirmed(by: before))
  }

  private func ofTwo() throws -> (Model, Model) {
    func model(_ moment: (name: String, time: TimeReference?)) throws -> Model {
      let place = try Self.place(moment.name)
      guard let archive = try place.archive() else { return try Subject.model(of: place, at: nil) }
      // A time chooses among several.
      let index = try archive.index(at: archive.count > 1 ? moment.time : nil)
      return try Self.model(archive, index)
    }
    return (try model(first), try model(second))
  }

  private func ofOneFile() throws -> (Model, Model) {
    let archive = try Self.place(first.name).archive()
    guard let archive, archive.count > 1 else {
      throw Failure("comparing \(first.name)", "that is one moment", "give two, or a recording", .usage)
    }
    let indices = (try archive.index(at: first.time), try archive.index(at: second.time))
    guard indices.0 != indices.1 else {
      throw Failure("comparing two moments of \(first.name)", "they are one", "give times that lie apart", .usage)
    }
    return (try Self.model(archive, indices.0), try Self.model(archive, indices.1))
  }

  private static func place(_ name: String) throws -> Place {
    do { return try Target(name).locate(in: .ofThisUser()) } catch { throw Failure(error) }
  }

  private static func model(_ archive: any Archive, _ index: Int) throws -> Model {
    let model = try archive.model(at: index)
    if archive is DocumentMoments, !model.isTold {
      throw Failure(
        "comparing \(archive.path)", "it holds facts without conclusions, as an exporter answers to `json`",
        "make it with `ctxtop dump -f json`", .badData)
    }
    return model
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
