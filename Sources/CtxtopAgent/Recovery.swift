// How a worker gets its place back. Its files can leave it at any time: somebody cleans up the directory, the
// application closes all descriptors. The mapping is still there then, and all that it tells: the worker goes on
// writing, and the agent's thread takes what it has to where others can see it - the same slot, reopened, or a slot
// of the segment that has taken the name.
//
// What must hold: the lock file is opened again only when no descriptor of ours leads to it: closing any of several
// would drop the lock. A slot that has another tenant by now is not touched any more.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Service {
  /// Whether whoever looks for segment and lock file finds these.
  var hasNames: Bool { hasLockName && hasName(".segment", files.segment.identity) }

  private var hasLockName: Bool { hasName(".lock", files.lock.identity) }

  @inline(never)
  private func hasName(_ ending: String, _ file: FileIdentity) -> Bool {
    // By the path, as everybody looks: the directory may be another one by now.
    let path = directory.path.entry("").appending(SegmentFile.name(stem, ending))
    return FileIdentity(path).map { $0.isSame(as: file) } ?? false
  }

  /// Gets files and slot back; false: not now, and everything is as before. Agent's thread only.
  func recover() -> Bool {
    var held = files.held
    if !held.lock { slot.control.store(CTXTOP_SLOT_LOCK_LOST, 1) }
    guard AgentThread.renewWake(self),
      let there = try? RuntimeDirectory.open(directory.path, mode: mode, mustBeTmpfs: directory.isTmpfs)
    else { return false }
    let kept = held.lock && hasLockName ? files.lock : nil
    guard let found = try? ServiceFiles(in: there, stem: stem, mode: mode, keeping: kept) else { return false }
    guard let place = place(in: found) else {
      found.close(ServiceFiles.Held(lock: kept == nil))
      return false
    }
    if kept != nil { held.lock = false }
    files.close(held)
    place.control.store(CTXTOP_SLOT_LOCK_LOST, 0)
    settle(in: found, place)
    return true
  }

  /// The slot with its lock: where it was, or on pages of the file that has the name now.
  private func place(in found: ServiceFiles) -> Slot? {
    if found.segment.identity.isSame(as: files.segment.identity) { return found.lock.take(slot.index) ? slot : nil }
    guard let place = try? SlotClaim.claim(in: found.segment, lock: found.lock) else { return nil }
    if slot.move(to: place, in: found.segment) {
      if place.index != slot.index { found.lock.giveBack(slot.index) }
      return Slot(index: place.index, base: slot.control.base)
    }
    place.moveOut()
    munmap(place.control.base, CTXTOP_SLOT_BYTES)
    found.lock.giveBack(place.index)
    return nil
  }
}
