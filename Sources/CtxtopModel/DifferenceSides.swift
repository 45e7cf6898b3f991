// One worker at both moments: what of the later one was not so at the earlier one.

import CtxtopSnapshot

/// A worker that the later moment has, and what the earlier one knew of it.
struct WorkerSides {
  let pair: WorkerPair
  /// Its index at the later moment.
  let index: Int
  private let before: Model
  private let after: Model

  init(_ pair: WorkerPair, _ index: Int, _ before: Model, _ after: Model) {
    self.pair = pair
    self.index = index
    self.before = before
    self.after = after
  }

  /// The worker at the later moment.
  var worker: Worker {
    _read { yield after.now.workers[index] }
  }
  /// The worker at the earlier moment; nil: it was not there, or was not seen.
  private var earlier: Worker? { pair.before.map { before.now.workers[$0] } }

  /// What a counter counted in between; nil: not known.
  func growth(_ number: DifferenceNumber) -> Int64? { number.change(pair, before, after).change }

  /// Whether something that began then began in between. Of a worker that was not seen nothing else is known of it.
  private func isAfterBefore(_ wallTime: UInt64) -> Bool { wallTime >= before.now.wallTime }

  // MARK: - Leaks

  /// Whether a context has been left behind, and was not at the earlier moment.
  func hasLeaked(_ context: Int, onUnit unit: Int) -> Bool {
    let facts = worker.units[unit].contexts[context]
    let isLeaked =
      worker.liveness.isPresent
      ? after.conditions[index].state(ofContext: context, onUnit: unit, in: worker) == .leaked : facts.left != nil
    guard isLeaked else { return false }
    if pair.fate == .unseen { return facts.left.map { isAfterBefore(after.now.wallTime(of: $0)) } ?? false }
    guard let index = pair.before, let old = before.context(facts.serial, ofWorker: index) else { return true }
    return old.state != .leaked
  }

  /// Whether a connection is leaked at the later moment.
  func isLeaked(connectionAt place: Int) -> Bool {
    after.conditions[index].state(ofConnection: place, in: worker) == .leaked
  }

  /// Whether a connection that is leaked was not at the earlier moment. One may leak twice: then it was out since
  /// another time.
  func hasLeaked(_ connection: Connection, isLeaked: Bool) -> Bool {
    guard isLeaked else { return false }
    if pair.fate == .unseen { return isAfterBefore(after.now.wallTime(of: connection.since)) }
    guard let index = pair.before, let earlier else { return true }
    return !earlier.connections.indices.contains { place in
      earlier.connections[place].id == connection.id && isSameTime(earlier.connections[place].since, connection.since)
        && before.conditions[index].state(ofConnection: place, in: earlier) == .leaked
    }
  }

  /// Whether a session was not without its context at the earlier moment.
  func isNew(_ session: Session) -> Bool {
    if pair.fate == .unseen { return isAfterBefore(after.now.wallTime(of: session.since)) }
    return !(earlier?.sessions.contains { $0.id == session.id && isSameTime($0.since, session.since) } ?? false)
  }

  /// Times of one worker are of one clock. JSON tells them to the microsecond.
  private func isSameTime(_ one: UInt64, _ other: UInt64) -> Bool {
    (one > other ? one - other : other - one) < 1_000_000
  }

  // MARK: - What is counted

  /// How often a teardown function raised in between, at the least.
  func growth(of failure: TeardownFailure) -> UInt64 {
    let old = earlier?.failures.first { FailureKey($0) == FailureKey(failure) && $0.label == failure.label }
    return growth(from: old?.count, to: failure.count, first: failure.first)
  }

  /// How often a context vanished in between, at the least.
  func growth(of vanished: VanishedContext) -> UInt64 {
    let old = earlier?.vanished.first {
      $0.kind == vanished.kind && $0.frame == vanished.frame && $0.label == vanished.label
    }
    return growth(from: old?.count, to: vanished.count, first: vanished.first)
  }

  private func growth(from old: UInt64?, to new: UInt64, first: UInt64) -> UInt64 {
    if pair.fate == .unseen { return isAfterBefore(first) ? new : 0 }
    return new > old ?? 0 ? new - (old ?? 0) : 0
  }
}
