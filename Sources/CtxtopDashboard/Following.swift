// A worker that stays selected although its server replaces it.

import CtxtopModel
import CtxtopSnapshot
import CtxtopSettings

extension State {
  mutating func toggleFollow() {
    if followed != nil {
      followed = nil
      return say("nobody is followed any more")
    }
    guard let worker = selectedWorker, let model else { return say("no worker is selected") }
    guard worker.liveness.isPresent else { return say("\(worker.fullName) has gone already") }
    followed = Incumbent(worker, among: model.now.workers)
    say("follows \(worker.fullName), and whoever takes its place")
    guard view == .workers else { return }
    follow()
    rebuildRows()
  }

  /// Finds the followed worker, or the one that took its place, and keeps it selected.
  mutating func follow(isLater: Bool = true) {
    guard var incumbent = followed, let model else { return }
    // Back in time, whoever was there before has not taken anybody's place.
    if isLater, case .replaced(let heir) = incumbent.look(at: model.now.workers) {
      tell("\(incumbent.name) was replaced by \(heir.pid)")
      incumbent = Incumbent(heir, among: model.now.workers)
    }
    followed = incumbent
    lists[.workers, default: ListState()].selection.identity = .worker(incumbent.worker)
    lists[.workers, default: ListState()].selection.isChosen = true
  }
}
