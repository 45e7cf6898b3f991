// What others do to the app that is watched: it is said as soon as it is known.

import CtxtopModel
import CtxtopSnapshot

extension State {
  /// What is older, in nanoseconds, is no news: it was there before the dashboard, or its target, came.
  private static let newsAge: UInt64 = 60_000_000_000

  /// Tells of the latest request to replace a worker that came since the snapshot before and was not ours.
  mutating func tellOfActions(in snapshot: Snapshot, since earlier: Snapshot) {
    var others: [ControlAction] = []
    for action in snapshot.actions where !earlier.actions.contains(action) {
      if let index = asked.firstIndex(where: { UInt32(bitPattern: $0) == action.worker }) {
        asked.remove(at: index)
      } else if Moment.between(action.time, snapshot.wallTime) < Self.newsAge {
        others.append(action)
      }
    }
    guard let latest = others.last else { return }
    tell(latest.sentence + (others.count > 1 ? "; and \(others.count - 1) more requests before it" : ""))
  }
}
