// Judged snapshots of several targets, one after the other, for frames of plain text.

import CtxtopDashboard
import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A number of models of several targets together.
struct FleetSeries {
  /// How long all of them may be away, beyond the interval, before a series ends with a failure.
  private static let patience: UInt64 = 10_000_000_000

  private let list: TargetList
  private let count: Int?
  private let interval: UInt64

  /// Models of targets, so many or until somebody ends it, so many nanoseconds apart.
  init(_ list: TargetList, count: Int?, interval: UInt64) {
    self.list = list
    self.count = count
    self.interval = interval
  }

  /// Takes the models and passes each to `emit`; the first as soon as there are two passes to compare.
  func run(_ emit: (Model) throws -> Void) throws {
    let feed = try FleetFeed(list, passes: 2, interval: SnapshotClient.usualGap, directory: ".")
    for case .loss(let text?, _) in feed.opening { Failure.note("ctxtop: \(text)") }
    guard var last = Self.pairs(in: feed.opening).last else { return }
    try emit(Model(now: last.now, earlier: last.earlier))
    _ = feed.perform(.setInterval(Int(interval / 1_000_000)))
    var done = 1
    while done < count ?? .max {
      last = try following(last, from: feed)
      try emit(Model(now: last.now, earlier: last.earlier))
      done += 1
    }
  }

  private static func pairs(in messages: [Message]) -> [Fleet.Pair] {
    messages.compactMap { if case .snapshots(let pair) = $0 { pair } else { nil } }
  }

  /// The first snapshot that is an interval later than the last one.
  private func following(_ last: Fleet.Pair, from feed: FleetFeed) throws -> Fleet.Pair {
    let deadline = System.monotonicTime() &+ interval &+ Self.patience
    // Clocks and timers are not exact to the nanosecond: a little less than the interval will do.
    let due = last.now.monotonicTime &+ interval - min(interval / 10, 100_000_000)
    while true {
      let now = System.monotonicTime()
      if let next = Self.pairs(in: feed.advance(now: now)).last(where: { $0.now.monotonicTime >= due }) { return next }
      guard now < deadline else {
        throw Failure(
          "watching \(list.names.joined(separator: ", "))", "no answer from any of them", "try again", .tryLater)
      }
      do {
        let end = [deadline, feed.deadline].compactMap { $0 }.min()
        _ = try SnapshotClient.wait(for: feed.sources, and: feed.pollRequests, until: end)
      } catch {
        throw Failure("waiting for something to happen", error.description, "try again", .system)
      }
    }
  }
}
