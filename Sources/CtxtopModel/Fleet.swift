// Several targets as one service: the latest passes over each become one snapshot, which everything that follows takes
// for a snapshot like any other. Pure: who has sources tells it what came, and when.
//
//   slots       those of one target differ from those of all others (Origin)
//   times       all on the watcher's clocks: see TimeShift.swift. Where a host is up for longer than the watcher's, the
//               watcher's monotonic clock is taken to have begun earlier, so that no age is cut
//   rates       each worker's are those of its own two latest passes (`Worker.seen`), whenever these were
//   lost        a target from which nothing comes keeps its workers, marked as such
//
//   FleetMember.swift   one target       TimeShift.swift   times of one clock on another

import CtxtopSnapshot

/// What is known of several targets.
package struct Fleet: Sendable {
  /// Two snapshots that are compared with each other.
  package struct Pair: Equatable, Sendable {
    /// The latest passes over all targets.
    package let now: Snapshot
    /// The passes before them; nil: there are none.
    package let earlier: Snapshot?
  }

  /// What the watcher's monotonic clock is set forward by once a host is up for longer: 146 years.
  private static let epoch: UInt64 = 1 << 62

  private var members: [FleetMember]
  private var epoch: UInt64 = 0
  /// How the targets did when a snapshot was made last; nil: none was.
  private var shown: [TargetState]?
  /// How often passes come, in nanoseconds, and since when that is so.
  private var interval: UInt64
  private var intervalChanged: UInt64 = 0

  /// Targets by their names, of which no two are equal; passes over each are wanted every `interval` nanoseconds.
  package init(_ names: [String], interval: UInt64) {
    members = names.enumerated().map { FleetMember(name: $1, place: $0) }
    self.interval = interval
  }

  /// Passes are wanted at another pace from now on.
  package mutating func change(interval: UInt64, at now: UInt64) {
    self.interval = interval
    intervalChanged = now
  }

  /// A pass over the target at an index came at a time of the watcher's clocks.
  package mutating func take(_ snapshot: Snapshot, of index: Int, at now: UInt64, wallTime: UInt64) {
    members[index].take(snapshot, at: now, wallTime: wallTime)
    // What is on the way cannot be from the future: the clock is another one, and began earlier.
    if epoch == 0, snapshot.monotonicTime > now &+ TimeShift.least { epoch = Self.epoch }
  }

  /// The source of the target at an index changed; `reason`: why it is lost, as one line.
  package mutating func change(_ source: FleetSource, of index: Int, because reason: String = "") {
    members[index].source = source
    members[index].reason = reason
  }

  /// How long nothing may come from a target before it is lost.
  private var silence: UInt64 { interval &* 5 / 2 &+ 1_000_000_000 }

  /// How long a pass waits for those over the other targets.
  private var patience: UInt64 { interval &+ interval / 10 }

  /// How the target at an index does.
  package func state(of index: Int, at now: UInt64) -> TargetState {
    members[index].state(at: now, silence: silence, since: intervalChanged)
  }

  private func states(at now: UInt64) -> [TargetState] { members.indices.map { state(of: $0, at: now) } }

  /// When `advance` has something to do although nothing came; nil: it has not.
  package func deadline(after now: UInt64) -> UInt64? {
    let waiting = members.compactMap(\.waitsSince).min().map { $0 &+ patience }
    let losses = members.compactMap { $0.lossTime(silence: silence, since: intervalChanged) }.filter { $0 > now }
    return ([waiting].compactMap { $0 } + losses).min()
  }

  /// The snapshot that is due: once every target that answers has given a new pass, or has let the others wait for too
  /// long, and whenever one is lost or found. Nil: none is.
  package mutating func advance(now: UInt64, wallTime: UInt64) -> Pair? {
    let states = states(at: now)
    guard members.contains(where: { $0.latest != nil }) else { return nil }
    let answering = members.indices.filter { states[$0] == .live || states[$0] == .segment }
    let isComplete = !answering.isEmpty && answering.allSatisfy { members[$0].waitsSince != nil }
    let isOverdue = members.contains { $0.waitsSince.map { now >= $0 &+ patience } ?? false }
    guard isComplete || isOverdue || (shown != nil && states != shown) else { return nil }
    shown = states
    for index in members.indices {
      members[index].waitsSince = nil
      members[index].move(epoch: epoch)
    }
    return pair(states, now, wallTime)
  }

  // MARK: - One snapshot of all

  private func pair(_ states: [TargetState], _ now: UInt64, _ wallTime: UInt64) -> Pair {
    let time = members.reduce(now &+ epoch) { max($0, $1.latest?.seen ?? 0) }
    var merged = merge(at: time, wallTime) { member in
      member.latest?.workers(of: member, isLost: states[member.place] == .lost || states[member.place] == .missing)
    }
    merged.targets = members.map { target(of: $0, states[$0.place]) }
    // The least time between two passes over a target: all others are at least as far apart.
    let distance = members.compactMap { member -> UInt64? in
      guard let latest = member.latest, let before = member.before, latest.seen > before.seen else { return nil }
      return latest.seen - before.seen
    }.min()
    guard let distance, distance < time else { return Pair(now: merged, earlier: nil) }
    var earlier = merge(at: time - distance, wallTime > distance ? wallTime - distance : 0) { member in
      member.before?.workers(of: member, isLost: false)
    }
    earlier.targets = merged.targets
    return Pair(now: merged, earlier: earlier)
  }

  private func merge(
    at time: UInt64, _ wallTime: UInt64, workers: (FleetMember) -> [Worker]?
  ) -> Snapshot {
    let hosts = Set(members.compactMap { $0.latest?.snapshot.host })
    var merged = Snapshot(
      service: members.map(\.name).joined(separator: ", "), host: hosts.count == 1 ? hosts.first ?? "" : "",
      wallTime: wallTime, monotonicTime: time)
    for member in members {
      merged.workers += workers(member) ?? []
      guard let pass = member.latest else { continue }
      let snapshot = pass.snapshot
      merged.actions += pass.actions(of: member)
      merged.actionCounts.accepted &+= snapshot.actionCounts.accepted
      merged.actionCounts.refused &+= snapshot.actionCounts.refused
    }
    merged.actions.sort { $0.time < $1.time }
    merged.actions.removeFirst(max(0, merged.actions.count - Snapshot.actionLimit))
    return merged
  }

  private func target(of member: FleetMember, _ state: TargetState) -> WatchedTarget {
    let isGone = state == .lost || state == .missing
    return WatchedTarget(
      name: member.name, state: state, since: state == .lost ? member.lossBegan : nil,
      isAsking: member.source.isAsking, reason: isGone ? member.reason : "",
      service: member.latest?.snapshot.service ?? "", host: member.latest?.snapshot.host ?? "")
  }
}
