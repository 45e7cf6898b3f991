// A worker that stays selected although its server replaces it.

import CtxtopModel
import CtxtopSnapshot

/// The worker that is followed.
struct FollowedWorker: Equatable, Sendable {
  /// Its slot, and which tenant of it.
  var worker: WorkerKey
  /// Its process id.
  var pid: Int32
  /// Its number as its server counts; nil: it does not.
  var number: Int?
  /// Which workers there were while it was still there: none of them took its place.
  var others: Set<Int32> = []
}

/// A worker that shall be replaced, and since when.
struct Replacement: Equatable, Sendable {
  var pid: Int32
  var started: UInt64
}

extension State {
  mutating func toggleFollow() {
    if followed != nil {
      followed = nil
      return say("nobody is followed any more")
    }
    guard let worker = selectedWorker else { return say("no worker is selected") }
    followed = FollowedWorker(worker)
    say("follows worker \(worker.pid), and whoever takes its place")
    if view == .workers { follow() }
  }

  /// Finds the followed worker, or the one that took its place, and keeps it selected.
  mutating func follow() {
    guard let followed, let model else { return }
    let workers = model.now.workers
    let current = workers.first { $0.key == followed.worker }
    if current?.liveness.isPresent == true {
      self.followed?.others = Set(workers.filter(\.liveness.isPresent).map(\.pid))
    } else if let heir = workers.heir(of: followed) {
      self.followed = FollowedWorker(heir)
      say("worker \(followed.pid) was replaced by \(heir.pid)")
    }
    lists[.workers, default: ListState()].selection.identity = self.followed?.identity
    lists[.workers, default: ListState()].selection.isChosen = true
  }

  /// Says what came of a worker that should be replaced.
  mutating func noteReplacement(in model: Model) {
    guard let replaced else { return }
    let workers = model.now.workers
    guard !workers.contains(where: { $0.pid == replaced.pid && $0.liveness.isPresent }) else { return }
    let heir = workers.filter { $0.liveness.isPresent && $0.started > replaced.started }.min { $0.started < $1.started }
    let heirText = heir.map { "; \($0.pid) started in its place" } ?? ""
    self.replaced = heir == nil && workers.contains { $0.liveness.isPresent } ? replaced : nil
    say("worker \(replaced.pid) has gone\(heirText)")
  }
}

extension FollowedWorker {
  /// Its row.
  var identity: RowIdentity { .worker(worker) }

  init(_ worker: Worker) {
    self.init(worker: worker.key, pid: worker.pid, number: worker.number)
  }
}

extension [Worker] {
  /// Who took a worker's place: the new one of the same number; where the server does not number its workers, the
  /// first that is new.
  fileprivate func heir(of gone: FollowedWorker) -> Worker? {
    let new = filter { $0.liveness.isPresent && !gone.others.contains($0.pid) }
    if let number = gone.number { return new.first { $0.number == number } }
    return new.min { $0.started < $1.started }
  }
}
