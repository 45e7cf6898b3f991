// One pass over all slots from inside a worker: the leader's way to a snapshot. It reads other workers'
// slots through read-only mappings of exactly the pages that their owners allocated, so that it neither
// touches an unallocated page nor takes more address space than there is something to see.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// The leader's reader of the segment it also writes to. Agent's thread only.
package struct Collector: ~Copyable {
  /// After this long without a sign of life, the kernel is asked about a worker.
  package static let staleHeartbeat: UInt64 = 1_200_000_000

  private let file: SegmentFile
  private let lock: LockFile
  private let own: Slot
  private let reader = SlotReader()
  private var slots: [MappedSlot] = []
  private let host = HostName.current()
  private let service: String
  private let pidNamespace = ProcessStatus.pidNamespace()

  package init(file: SegmentFile, lock: LockFile, own: Slot) {
    self.file = file
    self.lock = lock
    self.own = own
    service = SegmentHeader.service(file.header)
  }

  deinit { for slot in slots { slot.unmap() } }

  /// One pass over all slots.
  package mutating func snapshot() -> Snapshot {
    let now = Clock.monotonic()
    var snapshot = Snapshot(service: service, host: host, wallTime: Clock.wall(), monotonicTime: now)
    let count = SlotCount.inFile(file.descriptor)
    while slots.count < count { slots.append(MappedSlot()) }
    snapshot.workers.reserveCapacity(count)
    for index in 0..<min(count, slots.count) {
      if let worker = worker(index, at: now) { snapshot.workers.append(worker) }
    }
    return snapshot
  }

  private mutating func worker(_ index: Int, at now: UInt64) -> Worker? {
    guard slots[index].refresh(file.descriptor, slot: index) else { return nil }
    let tenant = slots[index].control.load(CTXTOP_SLOT_TENANT)
    slots[index].readNames()
    guard var worker = reader.worker(slot: index, view: slots[index].view, names: slots[index].names) else {
      return nil
    }
    // The slot may have got another tenant meanwhile: then it is seen on the next pass.
    guard slots[index].control.load(CTXTOP_SLOT_TENANT) == tenant else { return nil }
    worker.liveness = index == own.index ? .alive : liveness(index)
    SlotKernel.refresh(&worker, control: slots[index].control, pidNamespace: pidNamespace, at: now)
    return worker
  }

  private func liveness(_ index: Int) -> Liveness {
    if slots[index].control.load(CTXTOP_SLOT_LOCK_LOST) != 0 { return .unknown }
    guard let isHeld = lock.isHeld(index) else { return .unknown }
    return isHeld ? .alive : .dead
  }
}

/// How many slots a segment file is long enough for.
package enum SlotCount {
  package static func inFile(_ descriptor: Int32) -> Int {
    guard let size = (try? FileIdentity(of: descriptor))?.size else { return 0 }
    let slots = (size &- CTXTOP_PAGE_BYTES &+ CTXTOP_SLOT_BYTES &- 1) / CTXTOP_SLOT_BYTES
    return min(max(slots, 0), CTXTOP_SLOTS)
  }
}

/// What only the kernel knows of a worker.
package enum SlotKernel {
  /// Asks the kernel where the worker itself has not told for a while; drops what is no longer true.
  package static func refresh(_ worker: inout Worker, control: Words, pidNamespace: UInt64, at now: UInt64) {
    if worker.liveness == .dead {
      worker.kernel = nil
      return
    }
    guard now &- min(worker.heartbeat, now) > Collector.staleHeartbeat else { return }
    guard pidNamespace != 0, control.load(CTXTOP_SLOT_PID_NAMESPACE) == pidNamespace,
      let status = ProcessStatus(of: worker.pid), status.startTicks == control.load(CTXTOP_SLOT_START_TICKS)
    else {
      worker.kernel = nil
      return
    }
    worker.kernel = status.sample(at: now)
  }
}

/// The host's name.
package enum HostName {
  package static func current() -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65) { name in
      name.initialize(repeating: 0)
      guard let start = name.baseAddress, gethostname(start, name.count - 1) == 0 else { return "" }
      return String.repairing(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
  }
}
