// One of several targets that are watched together: a row of the tree.

import CtxtopSnapshot

/// One target.
package struct TargetRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The target's index in the snapshot.
  package let index: Int

  /// The row of a target.
  package init(_ model: Model, target: Int) {
    self.model = model
    index = target
  }

  /// The facts.
  package var target: WatchedTarget {
    _read { yield model.now.targets[index] }
  }
  /// Its workers, in the snapshot's order.
  package var workers: [WorkerRow] { model.workerRows.filter { $0.worker.target == target.name } }
  /// Who it is.
  package var identity: RowIdentity { .target(target.name) }
  /// Workers whose process is there, as far as one knows.
  package var present: Int { workers.count { $0.worker.liveness.isPresent && !$0.worker.isLost } }
}

extension Model {
  /// Whether several targets are watched.
  package var hasTargets: Bool { !now.targets.isEmpty }

  /// One row for each target, in their order; none where one service is watched.
  package var targetRows: [TargetRow] { now.targets.indices.map { TargetRow(self, target: $0) } }
}

extension TargetState: LegendState {
  package var level: StateLevel {
    switch self {
    case .lost, .missing: .critical
    case .segment: .warning
    case .connecting: .notice
    case .live: .good
    }
  }

  package var meaning: String {
    switch self {
    case .lost: "nothing comes from it any more: it is tried again; its workers are shown as they were known last"
    case .missing: "there is no such app yet: it is looked for once a second"
    case .segment: "no worker answers: its segment is read"
    case .connecting: "nothing has come from it yet"
    case .live: "it answers"
    }
  }
}

extension WatchedTarget {
  /// Whether it is in greater trouble than another one: what waits for a person, then what was lost first.
  package func isWorse(than other: WatchedTarget) -> Bool {
    func rank(_ target: WatchedTarget) -> (Int, UInt64) {
      (target.isAsking ? -1 : TargetState.allCases.firstIndex(of: target.state) ?? 0, target.since ?? 0)
    }
    return rank(self) < rank(other)
  }

  /// `blog reconnecting for 4s`, `blog not found`: what is the matter with it, at a time of the watcher's clock; nil:
  /// nothing.
  package func trouble(at now: UInt64) -> String? {
    let time = Format.age(since.map { now > $0 ? now - $0 : 0 } ?? 0)
    if isAsking { return "\(name) lost for \(time), ssh wants an answer: t, then Enter on it" }
    return switch state {
    case .live: nil
    case .lost: "\(name) reconnecting for \(time)"
    case .missing: "\(name) not found"
    case .connecting: "\(name) connecting"
    case .segment: "\(name) no answer, reading its segment"
    }
  }
}

extension Column {
  /// The target that a row belongs to.
  static func target(_ name: @escaping @Sendable (Row) -> String?) -> Column {
    Column(
      "target", "TARGET", "the target that it belongs to; only where several are watched", alignment: .left, width: 8,
      presence: .several, isDescending: false
    ) { name($0).map { .text($0) } ?? .unknown }
  }
}
