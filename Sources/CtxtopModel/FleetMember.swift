// What is known of one of several targets: its two latest passes, and how its source does.

import CtxtopSnapshot

/// How the source of a target does.
package enum FleetSource: Equatable, Sendable {
  /// Nothing has come yet.
  case connecting
  /// The exporter answers.
  case live
  /// The segment is read.
  case segment
  /// Lost, and tried again, since that time of the watcher's monotonic clock.
  case reconnecting(since: UInt64)
  /// Lost since that time, until somebody answers ssh.
  case needsAttention(since: UInt64)
  /// There is nothing to connect to.
  case missing

  /// Since when it is lost; nil: it is not.
  var lossBegan: UInt64? {
    switch self {
    case .reconnecting(let since), .needsAttention(let since): since
    case .connecting, .live, .segment, .missing: nil
    }
  }

  /// Whether somebody must answer ssh.
  var isAsking: Bool { if case .needsAttention = self { true } else { false } }
}

/// One target.
struct FleetMember: Sendable {
  /// A connection that is lost for a shorter time is not worth a word: one leader may follow the other.
  static let patience: UInt64 = 1_000_000_000

  let name: String
  let place: Int
  var source = FleetSource.connecting
  /// Why it is lost or missing.
  var reason = ""
  /// The latest pass, and an earlier one to compare it with.
  private(set) var latest: FleetPass?
  private(set) var before: FleetPass?
  /// Since when the latest pass waits to be shown; nil: it was.
  var waitsSince: UInt64?
  private var monotonic = MeasuredShift(.none)
  private var wall = MeasuredShift(.none)

  init(name: String, place: Int) {
    self.name = name
    self.place = place
  }

  /// Takes a pass in, which came at a time of the watcher's clocks.
  mutating func take(_ snapshot: Snapshot, at now: UInt64, wallTime: UInt64) {
    let monotonic = TimeShift(from: snapshot.monotonicTime, to: now)
    let wall = TimeShift(from: snapshot.wallTime, to: wallTime)
    let isContinued = latest.map { snapshot.continues($0.snapshot) } ?? false
    if isContinued {
      self.monotonic.add(monotonic)
      self.wall.add(wall)
    } else {
      (self.monotonic, self.wall) = (MeasuredShift(monotonic), MeasuredShift(wall))
      before = nil
    }
    // Two passes that are too near tell nothing, as after a change of the interval.
    if let latest, isContinued, snapshot.monotonicTime - latest.snapshot.monotonicTime >= Model.confirmationInterval {
      before = latest
    }
    latest = FleetPass(snapshot, arrival: now)
    waitsSince = waitsSince ?? now
  }

  /// How it does at a time: lost when nothing came for `silence` since it did, or since the pace changed.
  func state(at now: UInt64, silence: UInt64, since change: UInt64) -> TargetState {
    if source == .missing { return .missing }
    guard let latest else {
      return source.lossBegan == nil ? .connecting : .lost
    }
    if now >= lossTime(latest, silence, change) { return .lost }
    return source == .segment ? .segment : .live
  }

  /// When it will be lost if nothing comes until then; nil: nothing has come yet.
  func lossTime(silence: UInt64, since change: UInt64) -> UInt64? { latest.map { lossTime($0, silence, change) } }

  private func lossTime(_ latest: FleetPass, _ silence: UInt64, _ change: UInt64) -> UInt64 {
    let silent = max(latest.arrival, change) &+ silence
    return source.lossBegan.map { min(silent, $0 &+ Self.patience) } ?? silent
  }

  /// Since when nothing comes.
  var lossBegan: UInt64? { source.lossBegan ?? latest?.arrival }

  /// Moves both passes to the watcher's clocks, which read `epoch` more than they do. What was moved before stays.
  mutating func move(epoch: UInt64) {
    let shift = ClockShift(monotonic: monotonic.shift.plus(epoch), wall: wall.shift)
    before?.move(shift, reusing: nil)
    latest?.move(shift, reusing: before)
  }
}

/// A pass over one target.
struct FleetPass: Sendable {
  /// As it came.
  let snapshot: Snapshot
  /// When it came, by the watcher's monotonic clock.
  let arrival: UInt64
  /// Its workers on the watcher's clocks, and how they were moved there.
  private(set) var workers: [Worker] = []
  private var shift: ClockShift?

  init(_ snapshot: Snapshot, arrival: UInt64) {
    self.snapshot = snapshot
    self.arrival = arrival
  }

  /// Moves its workers. Those that share what is not their pulse with the same worker of an earlier pass, and were moved
  /// as far there, cost nothing more.
  mutating func move(_ shift: ClockShift, reusing earlier: FleetPass?) {
    guard self.shift != shift else { return }
    self.shift = shift
    workers = snapshot.workers
    guard !shift.isNone else { return }
    let known = earlier?.shift == shift ? earlier : nil
    for index in workers.indices {
      shift.movePulse(of: &workers[index])
      if let known, index < known.workers.count, known.snapshot.workers[index].sharesFacts(with: workers[index]) {
        workers[index].takeFacts(of: known.workers[index])
      } else {
        shift.moveFacts(of: &workers[index])
      }
    }
  }

  /// When it was, on the watcher's clock.
  var seen: UInt64 { shift.map { $0.monotonic(snapshot.monotonicTime) } ?? snapshot.monotonicTime }

  /// What clients asked of it, on the watcher's clock, with where that was.
  func actions(of member: FleetMember) -> [ControlAction] {
    (shift?.moved(snapshot.actions) ?? snapshot.actions).map { action in
      var action = action
      action.target = member.name
      return action
    }
  }

  /// Its workers, with where they come from.
  func workers(of member: FleetMember, isLost: Bool) -> [Worker] {
    let origin = Origin(target: member.name, place: member.place, seen: seen, isLost: isLost)
    var workers = workers
    for index in workers.indices { workers[index].origin = origin }
    return workers
  }
}

extension Snapshot {
  /// Whether it is a later pass over the same service on the same host, since the same start of that host.
  fileprivate func continues(_ other: Snapshot) -> Bool {
    service == other.service && host == other.host && monotonicTime > other.monotonicTime
  }
}
