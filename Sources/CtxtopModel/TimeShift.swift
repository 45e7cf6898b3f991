// Times of one clock as times of another. Every host has a monotonic clock of its own, which begins somewhere, and a
// wall clock that may be wrong: moved to one clock, ages stay what they are on their own host.

import CtxtopSnapshot

/// How far a clock is behind another one, or ahead of it.
struct TimeShift: Comparable, Sendable {
  /// A distance that is shorter than this is the time that a record was on its way, and no other clock.
  static let least: UInt64 = 1_000_000_000
  /// A distance that has changed by less is the same.
  static let tolerance: UInt64 = 250_000_000

  private let distance: UInt64
  private let isForward: Bool

  /// Times stay what they are.
  static let none = TimeShift(from: 0, to: 0)

  /// The distance from a time of one clock to the same moment on another one.
  init(from own: UInt64, to other: UInt64) {
    isForward = other >= own
    distance = isForward ? other - own : own - other
  }

  /// Whether it is clearly another distance: who measures it measures the network as well.
  func differs(from other: TimeShift) -> Bool {
    if isForward == other.isForward {
      return max(distance, other.distance) - min(distance, other.distance) >= Self.tolerance
    }
    let (sum, isTooMuch) = distance.addingReportingOverflow(other.distance)
    return isTooMuch || sum >= Self.tolerance
  }

  /// Nothing, if it is no more than the time that a record was on its way.
  var withoutWay: TimeShift { isForward && distance < Self.least ? .none : self }

  static func < (one: TimeShift, other: TimeShift) -> Bool {
    if one.isForward != other.isForward { return other.isForward }
    return one.isForward ? one.distance < other.distance : one.distance > other.distance
  }

  /// Whether times stay what they are.
  var isNone: Bool { distance == 0 }

  /// The same on a clock that reads so much more.
  func plus(_ epoch: UInt64) -> TimeShift {
    if isForward { return TimeShift(from: 0, to: distance > .max - epoch ? .max : distance + epoch) }
    return TimeShift(from: distance, to: epoch)
  }

  /// A time on the other clock, as near as it can be said there; 0 is not known, and stays so.
  func callAsFunction(_ time: UInt64) -> UInt64 {
    guard time > 0, distance > 0 else { return time }
    if isForward { return time > UInt64.max - distance ? .max : time + distance }
    return time > distance ? time - distance : 1
  }
}

/// The distance of a clock, as several records tell it. Each says it with the time that it was on its way: the least is
/// the best. A greater one that lasts is true all the same: a host that slept has a clock that is behind.
struct MeasuredShift: Equatable, Sendable {
  /// So many records in a row must tell of a greater one.
  private static let persistence = 5

  private(set) var shift: TimeShift
  private var greater: TimeShift?
  private var count = 0

  init(_ first: TimeShift) { shift = first.withoutWay }

  /// Takes in what one more record tells.
  mutating func add(_ measured: TimeShift) {
    let measured = measured.withoutWay
    guard measured.differs(from: shift), measured > shift else {
      if measured.differs(from: shift) { shift = measured }
      (greater, count) = (nil, 0)
      return
    }
    greater = greater.map { min($0, measured) } ?? measured
    count += 1
    guard count >= Self.persistence, let least = greater else { return }
    (shift, greater, count) = (least, nil, 0)
  }
}

/// What both clocks of a host are away from the watcher's.
struct ClockShift: Equatable, Sendable {
  var monotonic = TimeShift.none
  var wall = TimeShift.none

  /// Whether all times stay what they are.
  var isNone: Bool { monotonic.isNone && wall.isNone }

  /// A worker's pulse on the watcher's clocks.
  func movePulse(of worker: inout Worker) {
    worker.heartbeat = monotonic(worker.heartbeat)
    worker.draining = worker.draining.map { monotonic($0) }
    worker.kernel = worker.kernel.map { sample in
      var sample = sample
      sample.time = monotonic(sample.time)
      sample.since = monotonic(sample.since)
      return sample
    }
  }

  /// What clients asked to be done, on the watcher's clocks.
  func moved(_ actions: [ControlAction]) -> [ControlAction] {
    actions.map { action in
      var action = action
      action.time = wall(action.time)
      return action
    }
  }

  /// Everything else of a worker on the watcher's clocks.
  func moveFacts(of worker: inout Worker) {
    worker.started = wall(worker.started)
    worker.attached = monotonic(worker.attached)
    worker.lastEvent = worker.lastEvent.map { monotonic($0) }
    for index in worker.units.indices { move(&worker.units[index]) }
    for index in worker.connections.indices {
      worker.connections[index].opened = monotonic(worker.connections[index].opened)
      worker.connections[index].since = monotonic(worker.connections[index].since)
    }
    for index in worker.sessions.indices { worker.sessions[index].since = monotonic(worker.sessions[index].since) }
    for index in worker.resources.indices { worker.resources[index].since = monotonic(worker.resources[index].since) }
    for index in worker.failures.indices {
      worker.failures[index].first = wall(worker.failures[index].first)
      worker.failures[index].last = wall(worker.failures[index].last)
    }
    for index in worker.vanished.indices {
      worker.vanished[index].first = wall(worker.vanished[index].first)
      worker.vanished[index].last = wall(worker.vanished[index].last)
    }
  }

  private func move(_ unit: inout Unit) {
    unit.lastEvent = monotonic(unit.lastEvent)
    if let started = unit.request?.started { unit.request?.started = monotonic(started) }
    for index in unit.contexts.indices {
      unit.contexts[index].pushed = monotonic(unit.contexts[index].pushed)
      if let left = unit.contexts[index].left { unit.contexts[index].left = monotonic(left) }
    }
  }
}
