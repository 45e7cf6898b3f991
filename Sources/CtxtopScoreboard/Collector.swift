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
  /// For so long the kernel's answer whether a worker lives is believed.
  private static let livenessAge: UInt64 = 50_000_000

  private let file: SegmentFile
  private let lock: LockFile
  private let own: Slot
  private var out = ByteSink(capacity: 4096)
  private var actions = ByteSink(capacity: 512)
  private var recorder = SlotRecorder()
  private let printed = PrintedWorkers()
  /// As many as the file had at the last pass.
  private let slots = UnsafeMutablePointer<UnsafeMutablePointer<MappedSlot>>.allocate(capacity: CTXTOP_SLOTS)
  private var slotCount = 0
  private let pidNamespace = ProcessStatus.pidNamespace()
  /// How often a worker was read.
  package private(set) var readings = 0

  package init(file: SegmentFile, lock: LockFile, own: Slot) {
    self.file = file
    self.lock = lock
    self.own = own
  }

  deinit {
    for index in 0..<slotCount {
      slots[index].deinitialize(count: 1)
      slots[index].deallocate()
    }
    slots.deallocate()
  }

  /// The record of the last pass.
  package func record() -> Bytes { out.withBytes { Bytes($0) } }

  /// The same as JSON, on a line.
  package func json() -> Bytes {
    out.withBytes { SnapshotJSON.encode(record: $0, nil, reusing: printed, line: true) }
  }

  /// One pass over all slots.
  package mutating func read() {
    let now = Clock.now()
    let list = out.beginRecord(wallTime: Clock.wall(), monotonicTime: now)
    let count = SlotCount.inFile(file.descriptor)
    while slotCount < count {
      slots[slotCount] = .allocate(capacity: 1)
      slots[slotCount].initialize(to: MappedSlot())
      slotCount &+= 1
    }
    var workers: UInt32 = 0
    for index in 0..<min(count, slotCount) {
      let before = out.count
      if write(index, at: now), out.fitsRecord { workers &+= 1 } else { out.rewind(to: before) }
    }
    finish(list, workers)
  }

  private mutating func finish(_ list: Int, _ workers: UInt32) {
    let service = SegmentHeader.serviceText(file.header)
    actions.rewind(to: 0)
    ActionRing.write(file.header, to: &actions)
    withUnsafeTemporaryAllocation(byteCount: HostName.capacity, alignment: 1) { name in
      out.finishRecord(list, workers: workers, service: service, host: HostName.read(into: name), actions: actions)
    }
  }

  /// Writes a slot's worker, from the last pass if nothing has changed; false: there is none.
  private mutating func write(_ index: Int, at now: UInt64) -> Bool {
    guard slots[index].pointee.refresh(file.descriptor, slot: index) else { return false }
    let control = slots[index].pointee.control
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    let fingerprint = slots[index].pointee.view.fingerprint
    if slots[index].pointee.memory.fingerprint != fingerprint {
      guard read(index, fingerprint) else { return false }
    }
    slots[index].pointee.block.withBytes { out.bytes($0) }
    let liveness = index == own.index ? .alive : liveness(index, tenant, at: now)
    SlotPulse.write(control, liveness, pidNamespace: pidNamespace, at: now, to: &out)
    // The slot may have got another tenant meanwhile: then it is seen on the next pass.
    return control.load(CTXTOP_SLOT_TENANT) == tenant
  }

  /// Reads a slot's worker, of which the fingerprint was just taken.
  ///
  /// It may be shown again while the fingerprint stays the same if nothing changed while it was read, and nothing was
  /// still to come that the fingerprint would not show: a record or a name being written, an engine or a latency
  /// announced before it was there.
  private mutating func read(_ index: Int, _ fingerprint: UInt64) -> Bool {
    let slot = slots[index]
    slot.pointee.memory.fingerprint = nil
    readings &+= 1
    guard recorder.write(slot: index, view: slot.pointee.view) else { return false }
    slot.pointee.block.rewind(to: 0)
    recorder.out.withBytes { slot.pointee.block.bytes($0) }
    if recorder.unstable == 0, recorder.isComplete, slot.pointee.view.fingerprint == fingerprint {
      slot.pointee.memory.fingerprint = fingerprint
    }
    return true
  }

  /// Asks the kernel, which goes through a list of all locks, no more often than somebody could see.
  private mutating func liveness(_ index: Int, _ tenant: UInt64, at now: UInt64) -> Liveness {
    let slot = slots[index]
    if SlotPulse.isUncertain(slot.pointee.control) { return .unknown }
    if slot.pointee.memory.tenant != tenant || now &- slot.pointee.memory.asked >= Self.livenessAge {
      slot.pointee.memory.tenant = tenant
      slot.pointee.memory.asked = now
      slot.pointee.memory.liveness = lock.isHeld(index).map { $0 ? .alive : .dead } ?? .unknown
    }
    return slot.pointee.memory.liveness
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
