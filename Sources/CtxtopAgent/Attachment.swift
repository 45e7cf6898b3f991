// Attaching this process to its service: the directory, the segment, a slot, the agent's thread. Whatever
// does not work leaves the server unmonitored and says why in one line.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

extension Agent {
  /// Why the last attach failed; empty when it did not.
  nonisolated(unsafe) package private(set) static var problem = ""
  /// What an attach that worked nevertheless has to say; empty: nothing.
  nonisolated(unsafe) package private(set) static var warning = ""

  /// Claims a slot for this process and starts the agent's thread. Idempotent; one caller at a time succeeds,
  /// others return as if it had failed with EBUSY. Returns 0 or a negative errno.
  package static func attach(_ identity: WorkerIdentity) -> Int32 {
    if attachment != 0 { return 0 }
    guard prepare() else { return -ENOMEM }
    guard let page, page.exchange(busyWord, expected: 0, with: 1) else { return -EBUSY }
    defer { page.store(busyWord, 0) }
    do throws(SystemFailure) {
      problem = ""
      try claim(identity)
      return 0
    } catch {
      problem = error.line
      return 0 &- max(error.code, 1)
    }
  }

  private static func claim(_ identity: WorkerIdentity) throws(SystemFailure) {
    let mode = FileMode(group: configuration.group)
    let directory = try RuntimeDirectory.find(named: configuration.directory, mode: mode)
    let complaint = directory.path.appending(" is not on tmpfs: a slow disk can stall this worker")
    warning = directory.isTmpfs ? "" : complaint.text
    let file = try SegmentFile.open(in: directory.path, stem: configuration.stem, mode: mode)
    guard OwnedDescriptors.add(file.descriptor) else {
      close(file.descriptor)
      throw SystemFailure("keeping the segment open", EMFILE)
    }
    do throws(SystemFailure) {
      try claim(identity, file, directory, mode)
    } catch {
      OwnedDescriptors.close(file.descriptor)
      munmap(file.header.base, CTXTOP_PAGE_BYTES)
      throw error
    }
  }

  private static func claim(
    _ identity: WorkerIdentity, _ file: SegmentFile, _ directory: RuntimeDirectory, _ mode: FileMode
  ) throws(SystemFailure) {
    let lock = try LockFile(in: directory.path, stem: configuration.stem, mode: mode)
    guard OwnedDescriptors.add(lock.descriptor) else {
      close(lock.descriptor)
      throw SystemFailure("keeping the lock file open", EMFILE)
    }
    do throws(SystemFailure) {
      let slot = try SlotClaim.claim(in: file, lock: lock)
      let names = NameTable(slot: slot, reusing: namesInUse)
      slot.moveIn(identity, names: names, agentVersion: version, at: Clock.monotonic())
      let service = Service(
        file: file, lock: lock, slot: slot, directory: directory, mode: mode, stem: configuration.stem)
      do throws(SystemFailure) {
        try AgentThread.start(service)
      } catch {
        slot.moveOut()
        munmap(slot.control.base, CTXTOP_SLOT_BYTES)
        throw error
      }
      namesInUse = names
      slotInUse = slot
      attachments &+= 1
      page?.store(attachmentWord, attachments)
    } catch {
      OwnedDescriptors.close(lock.descriptor)
      throw error
    }
  }

  /// The worker knows more of itself than it did when it attached (a library was imported later).
  package static func redescribe(_ identity: WorkerIdentity) {
    guard attachment != 0, let slot = slotInUse, let names = namesInUse else { return }
    slot.describe(identity, names: names, agentVersion: version)
  }

  /// Says goodbye: the slot is free, the thread has ended, the socket goes with the last worker.
  package static func detach() {
    guard attachment != 0, let page, page.exchange(busyWord, expected: 0, with: 1) else { return }
    defer { page.store(busyWord, 0) }
    page.store(attachmentWord, 0)
    AgentThread.stop()
  }

  /// In a child: the parent's thread is not here, and nothing of it may be touched.
  static func forgetThread() {
    page?.store(attachmentWord, 0)
    page?.store(busyWord, 0)
    AgentThread.abandon()
  }
}

/// Everything that belongs to one attachment, as the agent's thread needs it.
package final class Service: Sendable {
  package let file: SegmentFile
  package let lock: LockFile
  package let slot: Slot
  package let directory: RuntimeDirectory
  package let mode: FileMode
  package let stem: String

  /// Whether the descriptors of segment and lock file still lead there.
  var isIntact: Bool { lock.isIntact && OwnedDescriptors.isOurs(file.descriptor) }

  package init(
    file: SegmentFile, lock: LockFile, slot: Slot, directory: RuntimeDirectory, mode: FileMode, stem: String
  ) {
    self.file = file
    self.lock = lock
    self.slot = slot
    self.directory = directory
    self.mode = mode
    self.stem = stem
  }
}
