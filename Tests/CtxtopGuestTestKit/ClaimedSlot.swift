// A slot of a real segment, claimed by the test's own process.

import CCtxtop
import CtxtopScoreboard

/// A worker's place in a segment, as an agent would have it.
package final class ClaimedSlot {
  package let file: SegmentFile
  package let lock: LockFile
  package let slot: Slot
  package let names: NameTable

  /// Claims a slot in the segment of the directory and moves in. One per directory: a process knows its own
  /// locks for those of others.
  package init(_ place: TemporaryDirectory, stem: String = "shop") throws(SystemFailure) {
    let mode = FileMode(group: nil)
    file = try SegmentFile.open(in: place.directory, stem: stem, mode: mode)
    lock = try LockFile(in: place.directory, stem: stem, mode: mode)
    slot = try SlotClaim.claim(in: file, lock: lock)
    names = NameTable(slot: slot)
    slot.moveIn(WorkerIdentity(), names: names, agentVersion: "test", at: Clock.monotonic())
  }

  deinit {
    munmap(file.header.base, CTXTOP_PAGE_BYTES)
    munmap(slot.control.base, CTXTOP_SLOT_BYTES)
    close(lock.descriptor)
    close(file.descriptor)
  }
}
