// What others do to the app that is watched: it is said as soon as it is known.

import CtxtopModel
import CtxtopSnapshot

extension State {
  /// What is older, in nanoseconds, is no news: it was there before the dashboard, or its target, came.
  private static let newsAge: UInt64 = 60_000_000_000

  /// Tells of the latest request to replace a worker that came since the snapshot before and was not ours.
  mutating func tellOfActions(in snapshot: Snapshot, since earlier: Snapshot) {
    var others: [ControlAction] = []
    for action in snapshot.actions where !earlier.actions.contains(where: { $0.isSame(as: action) }) {
      if let index = asked.firstIndex(where: { $0.isMeant(by: action) }) {
        asked.remove(at: index)
      } else if Moment.between(action.time, snapshot.wallTime) < Self.newsAge {
        others.append(action)
      }
    }
    guard let latest = others.last else { return }
    tell(latest.sentence + (others.count > 1 ? "; and \(others.count - 1) more requests before it" : ""))
  }
}

/// A worker whose replacement this dashboard asked for.
struct AskedWorker: Equatable, Sendable {
  let pid: Int32
  let target: String?

  /// Whether that is what the app tells of.
  func isMeant(by action: ControlAction) -> Bool {
    UInt32(bitPattern: pid) == action.worker && target == action.target
  }
}

extension ControlAction {
  /// What a target's clock is away from ours is measured again and again: so far, in nanoseconds, may a time move.
  private static let tolerance: UInt64 = 1_000_000_000

  /// Whether both are one request.
  fileprivate func isSame(as other: ControlAction) -> Bool {
    var copy = other
    if target != nil, max(time, other.time) - min(time, other.time) < Self.tolerance { copy.time = time }
    return self == copy
  }
}
