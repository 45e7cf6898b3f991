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
      RuntimeDirectory.tooOpen = nil
      try claim(identity)
      return 0
    } catch {
      problem = error.line
      if let path = RuntimeDirectory.tooOpen {
        problem = Path(problem).appending("; chmod 700 ").appending(path).text
      }
      return 0 &- max(error.code, 1)
    }
  }

  private static func claim(_ identity: WorkerIdentity) throws(SystemFailure) {
    let mode = FileMode(group: configuration.group)
    let directory = try RuntimeDirectory.find(named: configuration.directory, mode: mode)
    let complaint = directory.path.appending(" is not on tmpfs: a slow disk can stall this worker")
    warning = directory.isTmpfs ? "" : complaint.text
    let files = try ServiceFiles(in: directory, stem: configuration.stem, mode: mode)
    do throws(SystemFailure) {
      let slot = try SlotClaim.claim(in: files.segment, lock: files.lock)
      let names = NameTable(slot: slot, reusing: namesInUse)
      slot.moveIn(identity, names: names, agentVersion: version, at: Clock.now())
      let service = Service(files: files, slot: slot, mode: mode, stem: configuration.stem)
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
      files.close()
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
    guard attachment != 0, let page else { return }
    leave()
    // Else the agent's thread makes itself a new pipe just now, and finds out by itself.
    guard page.exchange(busyWord, expected: 0, with: 1) else { return }
    defer { page.store(busyWord, 0) }
    AgentThread.stop()
  }

  /// From here on no event does anything.
  static func leave() {
    guard let page else { return }
    page.store(endedWord, page.load(attachmentWord))
    page.store(attachmentWord, 0)
  }

  /// In a child: the parent's thread is not here, and nothing of it may be touched.
  static func forgetThread() {
    page?.store(attachmentWord, 0)
    page?.store(busyWord, 0)
    AgentThread.abandon()
  }
}

/// Everything that belongs to one attachment, as the agent's thread needs it.
package final class Service: @unchecked Sendable {
  // Sendable: what changes is changed and used by the agent's thread alone, once there is one.

  package private(set) var files: ServiceFiles
  package private(set) var slot: Slot
  /// The end of the pipe that the agent's thread waits on.
  var wake: Int32 = -1
  /// The slot's tenant word while we are it.
  private var tenant: UInt64
  private let attachment = Agent.attachments &+ 1
  package let mode: FileMode
  package let stem: String

  package var file: SegmentFile { files.segment }
  package var lock: LockFile { files.lock }
  var directory: RuntimeDirectory { files.directory }

  /// Whether the descriptors of directory, segment, lock file and pipe still lead there.
  var isIntact: Bool {
    OwnedDescriptors.isOurs(lock.descriptor) && OwnedDescriptors.isOurs(file.descriptor)
      && OwnedDescriptors.isOurs(directory.descriptor) && OwnedDescriptors.isOurs(wake)
  }

  /// The pid of a slot's tenant, as it knows it itself; 0: there is none.
  @inline(never)
  func pid(of slot: Int) -> Int32 {
    var words: InlineArray<3, UInt64> = InlineArray(repeating: 0)
    let count = withUnsafeMutableBytes(of: &words) {
      pread(file.descriptor, $0.baseAddress, $0.count, SlotLayout.offset(of: slot))
    }
    guard count == 24, words[CTXTOP_SLOT_TENANT].low == Tenancy.live else { return 0 }
    return max(Int32(bitPattern: words[CTXTOP_SLOT_PID].low), 0)
  }

  /// Whether the process has said goodbye.
  var hasEnded: Bool { Agent.page?.load(Agent.endedWord) == attachment }

  /// Whether the slot has no other tenant.
  var hasSlot: Bool { slot.control.load(CTXTOP_SLOT_TENANT) == tenant }

  package init(files: ServiceFiles, slot: Slot, mode: FileMode, stem: String) {
    self.files = files
    self.slot = slot
    self.mode = mode
    self.stem = stem
    tenant = slot.control.load(CTXTOP_SLOT_TENANT)
  }

  /// Takes other files, and the slot in them.
  func settle(in files: ServiceFiles, _ slot: Slot) {
    self.files = files
    self.slot = slot
    tenant = slot.control.load(CTXTOP_SLOT_TENANT)
  }
}
