// Which worker of one moment is which of the other. Slot and generation name a worker for ever, but only in one
// segment: a server that starts anew counts from the beginning. So the process must be the same as well.

import CtxtopSnapshot

/// What became of a worker between two moments.
package enum WorkerFate: String, Sendable, CaseIterable {
  /// There at both.
  case stayed
  /// Started in between.
  case started
  /// Ended in between; its slot still tells what it did.
  case exited, died
  /// Ended in between, and another one has its slot: nothing is known of what it did.
  case gone
  /// Older than the first moment, and yet not seen at it.
  case unseen
  /// Had ended before the first moment.
  case over
}

/// A worker at two moments: indices into their snapshots, nil where it is not there.
package struct WorkerPair: Equatable, Sendable {
  package let before: Int?
  package let after: Int?
  package let fate: WorkerFate

  /// Whether what happened in it in between can be told from its counters.
  package var isKnown: Bool {
    switch fate {
    case .stayed, .started, .exited, .died, .over: true
    case .gone, .unseen: false
    }
  }
}

extension WorkerPair {
  /// A process's start is known to so many nanoseconds.
  private static let precision: UInt64 = 1_000_000_000

  /// Every worker of both moments: first those of the later one, in its order, then those that are gone.
  static func pairs(_ before: Model, _ after: Model) -> [WorkerPair] {
    var matched: Set<Int> = []
    var pairs: [WorkerPair] = []
    for index in after.now.workers.indices {
      let worker = after.now.workers[index]
      let earlier = before.now.workers.firstIndex { isSame($0, worker) }
      if let earlier { matched.insert(earlier) }
      let fate = fate(of: worker, earlier.map { before.now.workers[$0] }, before.now, after.now)
      pairs.append(WorkerPair(before: earlier, after: index, fate: fate))
    }
    for index in before.now.workers.indices where !matched.contains(index) {
      let wasThere = before.now.workers[index].liveness.isPresent
      pairs.append(WorkerPair(before: index, after: nil, fate: wasThere ? .gone : .over))
    }
    return pairs
  }

  private static func isSame(_ one: Worker, _ other: Worker) -> Bool {
    guard one.key == other.key, one.pid == other.pid, one.instance == other.instance else { return false }
    return one.started == 0 || other.started == 0 || distance(one.started, other.started) < precision
  }

  private static func fate(of worker: Worker, _ earlier: Worker?, _ before: Snapshot, _ after: Snapshot) -> WorkerFate {
    if let earlier, !earlier.liveness.isPresent { return .over }
    if earlier == nil {
      // Whoever was there has counted since its own beginning, and not since the first moment.
      let isNew = max(worker.started, attachment(of: worker, in: after)) &+ precision >= before.wallTime
      if !isNew { return worker.liveness.isPresent ? .unseen : .over }
    }
    switch worker.liveness {
    case .dead: return .died
    case .exited: return .exited
    case .alive, .unknown: return earlier == nil ? .started : .stayed
    }
  }

  /// When its agent came; the start of the process says more than nothing.
  private static func attachment(of worker: Worker, in snapshot: Snapshot) -> UInt64 {
    worker.attached == 0 ? worker.started : snapshot.wallTime(of: worker.attached)
  }

  private static func distance(_ one: UInt64, _ other: UInt64) -> UInt64 { one > other ? one - other : other - one }

  /// Whether no server that was there before is there now.
  static func isRestart(_ pairs: [WorkerPair], _ before: Snapshot, _ after: Snapshot) -> Bool {
    func instances(_ snapshot: Snapshot) -> Set<UInt64> {
      Set(snapshot.workers.filter(\.liveness.isPresent).map(\.instance))
    }
    let (old, new) = (instances(before), instances(after))
    return !old.isEmpty && !new.isEmpty && old.isDisjoint(with: new)
  }
}
