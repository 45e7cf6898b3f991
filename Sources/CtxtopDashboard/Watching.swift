// What others do to the app that is watched: it is said as soon as it is known.

import CtxtopModel
import CtxtopSnapshot

extension State {
  /// Tells of the latest request to replace a worker that came since the snapshot before and was not ours.
  mutating func tellOfActions(in snapshot: Snapshot, since earlier: Snapshot) {
    let last = earlier.actionCounts.accepted &+ earlier.actionCounts.refused
    var others: [ControlAction] = []
    for action in snapshot.actions where action.number > last {
      if let index = asked.firstIndex(where: { UInt32(bitPattern: $0) == action.worker }) {
        asked.remove(at: index)
      } else {
        others.append(action)
      }
    }
    guard let latest = others.last else { return }
    tell(latest.sentence + (others.count > 1 ? "; and \(others.count - 1) more requests before it" : ""))
  }
}
