// One pass over all slots from inside a worker: the leader's way to a snapshot. It reads other workers'
// slots through read-only mappings of exactly the pages that their owners allocated, so that it neither
// touches an unallocated page nor takes more address space than there is something to see.
//
// A worker is read again only when something of it has changed (Fingerprint.swift).

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// The leader's reader of the segment it also writes to. Agent's thread only.
package struct Collector: ~Copyable {
  /// After this long without a sign of life, the kernel is asked about a worker.
  package static let staleHeartbeat: UInt64 = 1_200_000_000
  /// For so long the kernel's answer whether a worker lives is believed.
  private static let livenessAge: UInt64 = 50_000_000

  private let file: SegmentFile
  private let lock: LockFile
  private let own: Slot
  private let reader = SlotReader()
  private var slots: [MappedSlot] = []
  private let pidNamespace = ProcessStatus.pidNamespace()
  /// The last pass; the next changes in it what has changed.
  private var latest: Snapshot
  /// For each worker of the last pass: raised whenever anything of it but its pulse was read again.
  package private(set) var versions: [UInt64] = []

  package init(file: SegmentFile, lock: LockFile, own: Slot) {
    self.file = file
    self.lock = lock
    self.own = own
    latest = Snapshot(service: SegmentHeader.service(file.header), host: HostName.current())
  }

  deinit { for slot in slots { slot.unmap() } }

  /// One pass over all slots.
  package mutating func snapshot() -> Snapshot {
    let now = Clock.monotonic()
    latest.wallTime = Clock.wall()
    latest.monotonicTime = now
    let count = SlotCount.inFile(file.descriptor)
    while slots.count < count { slots.append(MappedSlot()) }
    var place = 0
    for index in 0..<min(count, slots.count) {
      let isKnown = place < latest.workers.count && latest.workers[place].slot == index
      if update(index, place, isKnown, at: now) {
        place &+= 1
      } else if isKnown {
        forget(from: place)
      }
    }
    forget(from: place)
    return latest
  }

  /// Forgets workers that have lost their places: rare, and cheaper in bytes than to move them.
  private mutating func forget(from place: Int) {
    while latest.workers.count > place { _ = latest.workers.popLast() }
    while versions.count > place { _ = versions.popLast() }
  }

  /// Brings a slot's worker up to date: the one at `place` if it is known, else a new one there; false: there is none.
  private mutating func update(_ index: Int, _ place: Int, _ isKnown: Bool, at now: UInt64) -> Bool {
    guard slots[index].refresh(file.descriptor, slot: index) else { return false }
    let control = slots[index].control
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    let fingerprint = slots[index].view.fingerprint
    if !isKnown || slots[index].memory.fingerprint != fingerprint {
      guard read(index, place, fingerprint) else { return false }
    } else {
      SlotReader.readPulse(&latest.workers[place], control)
    }
    latest.workers[place].liveness = index == own.index ? .alive : liveness(index, tenant, at: now)
    SlotKernel.refresh(&latest.workers[place], control: control, pidNamespace: pidNamespace, at: now)
    // The slot may have got another tenant meanwhile: then it is seen on the next pass.
    return control.load(CTXTOP_SLOT_TENANT) == tenant
  }

  /// Reads a slot's worker, of which the fingerprint was just taken.
  private mutating func read(_ index: Int, _ place: Int, _ fingerprint: UInt64) -> Bool {
    slots[index].readNames()
    guard let worker = reader.worker(slot: index, view: slots[index].view, names: slots[index].names) else {
      return false
    }
    slots[index].memory.fingerprint = isSettled(worker, index, fingerprint) ? fingerprint : nil
    slots[index].memory.version &+= 1
    if place >= latest.workers.count || latest.workers[place].slot != index {
      forget(from: place)
      latest.workers.append(worker)
      versions.append(slots[index].memory.version)
    } else {
      latest.workers[place] = worker
      versions[place] = slots[index].memory.version
    }
    return true
  }

  /// Whether a worker that was read after its slot's fingerprint was taken may be shown again while the
  /// fingerprint stays the same: nothing changed while it was read, and nothing was still to come that the
  /// fingerprint would not show - a record or a name being written, an engine or a latency announced before
  /// it was there.
  private func isSettled(_ worker: Worker, _ index: Int, _ fingerprint: UInt64) -> Bool {
    let view = slots[index].view
    return worker.unstable == 0 && slots[index].knowsAllNames
      && UInt64(worker.engines.count) == view.control.load(CTXTOP_SLOT_USED_ENGINES)
      && worker.latency.total == worker.counters.requestsEnded && view.fingerprint == fingerprint
  }

  /// Asks the kernel, which goes through a list of all locks, no more often than somebody could see.
  private mutating func liveness(_ index: Int, _ tenant: UInt64, at now: UInt64) -> Liveness {
    if slots[index].control.load(CTXTOP_SLOT_LOCK_LOST) != 0 { return .unknown }
    if slots[index].memory.tenant != tenant || now &- slots[index].memory.asked >= Self.livenessAge {
      slots[index].memory.tenant = tenant
      slots[index].memory.asked = now
      slots[index].memory.liveness = lock.isHeld(index).map { $0 ? .alive : .dead } ?? .unknown
    }
    return slots[index].memory.liveness
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
