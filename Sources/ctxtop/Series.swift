// Judged snapshots, one after the other, for everything that prints instead of drawing.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A number of models of one target.
struct Series {
  /// Where the snapshots come from.
  let place: Place
  /// In a file: which moment is the first.
  let time: TimeReference?
  /// How many models; nil: until somebody ends it.
  let count: Int?
  /// How far apart they are, in nanoseconds; nil: a second, and in a file as they are.
  let interval: UInt64?

  /// How long a service may be away, beyond the interval, before a series ends with a failure.
  private static let patience: UInt64 = 10_000_000_000

  /// Models of an app or a file.
  init(_ place: Place, at time: TimeReference? = nil, count: Int?, interval: UInt64? = nil) {
    self.place = place
    self.time = time
    self.count = count
    self.interval = interval
  }

  /// Models of an app.
  init(endpoint: Endpoint, count: Int?, interval: UInt64) {
    self.init(.live(endpoint), count: count, interval: interval)
  }

  /// Takes the models and passes each to `emit`.
  func run(_ emit: (Model) throws -> Void) throws {
    if case .live(let endpoint) = place { return try run(endpoint, emit) }
    guard let archive = try place.archive() else { return }
    try run(archive, emit)
  }

  // MARK: - In a file

  /// From the moment that was asked for on; where none was, the last ones.
  private func run(_ archive: any Archive, _ emit: (Model) throws -> Void) throws {
    var index = try archive.index(at: time)
    if time == nil { index = try first(of: archive, last: index) }
    var done = 0
    var due: UInt64 = 0
    var damaged = 0
    while index < archive.count, done < count ?? .max {
      let wallTime = try archive.wallTime(at: index, unless: interval == nil)
      if wallTime >= due {
        if let model = try model(of: archive, at: index, &damaged) {
          try emit(model)
          done += 1
          due = wallTime &+ leastStep
        }
      }
      index += 1
    }
    guard damaged > 0 else { return }
    throw Failure(
      "reading \(archive.path)", "\(damaged) of its moments cannot be read", "the others were printed", .badData)
  }

  /// A moment; nil: it is damaged. That is told the first time, and the others are shown all the same, unless one alone
  /// was asked for.
  private func model(of archive: any Archive, at index: Int, _ damaged: inout Int) throws -> Model? {
    do {
      return try archive.model(at: index)
    } catch let failure as Failure where failure.status.code == ExitStatus.badData.code && count != 1 {
      if damaged == 0 { failure.report() }
      damaged += 1
      return nil
    }
  }

  /// Clocks and timers are not exact to the nanosecond: a little less than the interval will do.
  private var leastStep: UInt64 { Self.leastStep(interval ?? 0) }

  private static func leastStep(_ interval: UInt64) -> UInt64 { interval - min(interval / 10, 100_000_000) }

  /// Where the last `count` moments begin that are an interval apart.
  private func first(of archive: any Archive, last: Int) throws -> Int {
    guard let count else { return 0 }
    var (index, first, found) = (last, last, 1)
    var time = try archive.wallTime(at: last, unless: interval == nil)
    while found < count, index > 0 {
      index -= 1
      let wallTime = try archive.wallTime(at: index, unless: interval == nil)
      guard wallTime &+ leastStep <= time else { continue }
      (time, first, found) = (wallTime, index, found + 1)
    }
    return first
  }

  // MARK: - Of an app

  /// The first comes as soon as there are two passes to compare.
  private func run(_ endpoint: Endpoint, _ emit: (Model) throws -> Void) throws {
    if let time { throw Failure.noTimes(of: endpoint, time) }
    let interval = interval ?? 1_000_000_000
    let first = try firstPasses(endpoint)
    var last = first.snapshots[first.snapshots.count - 1]
    try emit(Model(now: last, earlier: first.snapshots.count > 1 ? first.snapshots[0] : nil))
    guard count != 1 else { return }
    let source = LiveSource.open(endpoint, interval: interval)
    var done = 1
    while done < count ?? .max {
      let next = try following(last, from: source, endpoint, interval)
      try emit(Model(now: next, earlier: last.monotonicTime < next.monotonicTime ? last : nil))
      last = next
      done += 1
    }
  }

  private func firstPasses(_ endpoint: Endpoint) throws -> Passes {
    let passes: Passes
    do { passes = try SnapshotClient.twoPasses(of: endpoint) } catch { throw Failure(error) }
    if case .segment(let reason?) = passes.state { Failure.note(Failure(reason).fallbackLine(endpoint)) }
    return passes
  }

  /// The first snapshot that is an interval later than the last one.
  private func following(
    _ last: Snapshot, from source: any SnapshotSource, _ endpoint: Endpoint, _ interval: UInt64
  ) throws -> Snapshot {
    let deadline = System.monotonicTime() &+ interval &+ Self.patience
    // Clocks and timers are not exact to the nanosecond: a little less than the interval will do.
    let due = last.monotonicTime &+ Self.leastStep(interval)
    var reason = StoreError.silent(endpoint.socketPath ?? endpoint.name)
    while true {
      let now = System.monotonicTime()
      for event in source.advance(now: now) {
        switch event {
        case .state(.reconnecting(_, let why)): reason = why
        case .state(.needsAttention(_, let question)):
          reason = .ssh(host: endpoint.name, .needsAnswer(said: question))
        case .state, .record: break
        case .snapshot(let snapshot):
          // The clock of a host that was restarted begins anew.
          if snapshot.monotonicTime >= due || snapshot.monotonicTime < last.monotonicTime { return snapshot }
        }
      }
      if now >= deadline { throw Failure(reason) }
      do {
        _ = try SnapshotClient.wait(for: [source], until: deadline)
      } catch {
        throw Failure(error, endpoint.name)
      }
    }
  }
}

extension Archive {
  /// The time of a moment, unless nobody wants to know: finding it may cost a look into the file.
  fileprivate func wallTime(at index: Int, unless isUnwanted: Bool) throws -> UInt64 {
    isUnwanted ? 0 : try wallTime(at: index)
  }
}
