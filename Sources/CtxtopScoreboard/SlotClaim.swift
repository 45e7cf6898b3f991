// How a slot finds its tenant. Free slots go first; of the dead only a few are kept as evidence: those that
// held nothing go next, then the oldest; whoever died last stays to be looked at. A slot is only ever taken by taking its lock, so a living worker
// cannot lose its slot; one whose lock descriptor was closed by its application is left alone while its
// heart beats or its process can be seen.

import CCtxtop

package enum SlotClaim {
  /// Dead slots that are kept as evidence before their reuse is preferred to growing the file.
  private static let deadKept = 16
  /// Of those, the latest deaths that only go when nothing else is left.
  private static let latestKept = 8
  /// A slot whose heart beat this recently is not taken, even if its lock is free.
  private static let freshHeartbeat: UInt64 = 2_000_000_000

  /// Claims a slot for this process and holds its lock. The slot's tables are empty, its tenant is `claiming`.
  package static func claim(in file: SegmentFile, lock: LockFile) throws(SystemFailure) -> Slot {
    let survey = Survey(file, lock)
    defer { survey.slots.deallocate() }
    var failure = SystemFailure("finding a free slot", ENOSPC)
    do throws(SystemFailure) {
      if let slot = try takeFirst(.free, of: survey, file, lock) { return slot }
      if survey.dead < deadKept {
        for index in survey.inFile..<CTXTOP_SLOTS where lock.take(index) {
          if let slot = try takeOver(index, file, lock) { return slot }
        }
      }
    } catch {
      // No space for a new slot, most likely: one of the dead has its pages already.
      failure = error
    }
    if let slot = try takeFirst(.deadWithNothing, of: survey, file, lock) { return slot }
    if let slot = try takeFirst(.deadWithSomething, of: survey, file, lock) { return slot }
    if let slot = try takeFirst(.diedLately, of: survey, file, lock) { return slot }
    throw failure
  }

  /// What may be taken, in the order in which it is.
  private enum Kind {
    case free, deadWithNothing, deadWithSomething, diedLately
  }

  /// A slot that may be taken. Among those of a kind, the lower rank goes first.
  private struct Candidate {
    let index: Int
    let heartbeat: UInt64
    var kind = Kind.free
    var rank = 0
  }

  /// All slots that may be taken. (By hand: the library's sort would be 3 kB of the extension, and each array some
  /// hundred bytes.)
  private struct Survey {
    let slots = UnsafeMutablePointer<Candidate>.allocate(capacity: CTXTOP_SLOTS)
    let inFile: Int
    var count = 0
    var dead = 0

    init(_ file: SegmentFile, _ lock: LockFile) {
      inFile = SlotCount.inFile(file.descriptor)
      let buffer = UnsafeMutableRawPointer.allocate(byteCount: CTXTOP_PAGE_BYTES, alignment: 8)
      defer { buffer.deallocate() }
      let control = Words(buffer)
      for index in 0..<inFile {
        guard pread(file.descriptor, buffer, CTXTOP_PAGE_BYTES, SlotLayout.offset(of: index)) > 128 else { continue }
        if control.load(CTXTOP_SLOT_TENANT).low == Tenancy.free {
          add(Candidate(index: index, heartbeat: 0))
        } else if lock.isHeld(index) == false, isAbandoned(control) {
          add(Candidate(index: index, heartbeat: control.load(CTXTOP_SLOT_HEARTBEAT), kind: .diedLately))
          dead &+= 1
        }
      }
      for place in 0..<count { rank(place, file) }
    }

    private mutating func add(_ candidate: Candidate) {
      (slots + count).initialize(to: candidate)
      count &+= 1
    }

    /// The rank is how many come before in the order of death; those that are free never died.
    private func rank(_ place: Int, _ file: SegmentFile) {
      let slot = slots[place]
      for other in 0..<count where slots[other].kind != .free || slot.kind == .free {
        let isEarlier = slots[other].heartbeat < slot.heartbeat
        if isEarlier || slots[other].heartbeat == slot.heartbeat && other < place { slots[place].rank &+= 1 }
      }
      if slot.kind == .free || slots[place].rank >= dead &- latestKept { return }
      slots[place].kind = holds(file, slot.index) ? .deadWithSomething : .deadWithNothing
    }
  }

  @inline(never)
  private static func takeFirst(
    _ kind: Kind, of survey: Survey, _ file: SegmentFile, _ lock: LockFile
  ) throws(SystemFailure) -> Slot? {
    for rank in 0..<survey.count {
      for place in 0..<survey.count where survey.slots[place].rank == rank && survey.slots[place].kind == kind {
        let index = survey.slots[place].index
        if lock.take(index), let slot = try takeOver(index, file, lock) { return slot }
      }
    }
    return nil
  }

  /// Whether the tenant of an unlocked slot has really gone.
  static func isAbandoned(_ control: Words) -> Bool {
    let pid = Int32(truncatingIfNeeded: control.load(CTXTOP_SLOT_PID))
    if control.load(CTXTOP_SLOT_PID_NAMESPACE) == ProcessStatus.pidNamespace() {
      // The process can be seen, if it is there: a zombie has ended, whatever its pid says.
      guard let status = ProcessStatus(of: pid) else { return true }
      return status.startTicks != control.load(CTXTOP_SLOT_START_TICKS) || status.state == UInt8(ascii: "Z")
        || control.load(CTXTOP_SLOT_LOCK_LOST) == 0 && isStale(control)
    }
    return control.load(CTXTOP_SLOT_LOCK_LOST) == 0 && isStale(control)
  }

  private static func isStale(_ control: Words) -> Bool {
    Clock.now() &- control.load(CTXTOP_SLOT_HEARTBEAT) > freshHeartbeat
  }

  /// Whether a dead slot still shows contexts or holdings of its tenant.
  private static func holds(_ file: SegmentFile, _ index: Int) -> Bool {
    guard
      let memory = try? SegmentFile.map(file.descriptor, offset: SlotLayout.offset(of: index), count: CTXTOP_SLOT_BYTES)
    else { return false }
    defer { munmap(memory.base, CTXTOP_SLOT_BYTES) }
    let slot = Slot(index: index, base: memory.base)
    for unit in 0..<slot.used(.units) where slot.record(.units, unit).load(CTXTOP_UNIT_NAME).high > 0 { return true }
    for holding in 0..<slot.used(.holdings) {
      let tenant = slot.record(.holdings, holding).load(CTXTOP_HOLDING_TENANT).low
      if tenant & 0xff != Tenancy.free, tenant &>> 8 & 0xff != 0 { return true }
    }
    return false
  }

  /// Makes a locked slot ours; nil: it is not for us after all, and its lock was given back.
  private static func takeOver(_ index: Int, _ file: SegmentFile, _ lock: LockFile) throws(SystemFailure) -> Slot? {
    do throws(SystemFailure) {
      let start = SlotLayout.offset(of: index)
      try file.allocate(offset: start, count: CTXTOP_NAMES_BYTES)
      for table in Table.allCases {
        try file.allocate(offset: start &+ table.offset, count: table.chunk &* table.recordBytes)
      }
      let memory = try SegmentFile.map(file.descriptor, offset: start, count: CTXTOP_SLOT_BYTES)
      let slot = Slot(index: index, base: memory.base)
      let tenant = slot.control.load(CTXTOP_SLOT_TENANT)
      if tenant.low != Tenancy.free, !isAbandoned(slot.control) {
        munmap(memory.base, CTXTOP_SLOT_BYTES)
        lock.giveBack(index)
        return nil
      }
      slot.control.store(CTXTOP_SLOT_TENANT, Words.pack(Tenancy.claiming, tenant.high &+ 1))
      clear(slot)
      return slot
    } catch {
      lock.giveBack(index)
      throw error
    }
  }

  /// Empties everything that the last tenant used, whatever state its death left it in.
  private static func clear(_ slot: Slot) {
    for table in Table.allCases {
      let used = slot.used(table)
      for index in 0..<used {
        let record = slot.record(table, index)
        let generation = record.load(1).high
        for word in 0..<table.words { record.store(word, 0) }
        // A record's generation goes on, so that nobody takes its next tenant for the last one.
        if table == .units || table == .holdings { record.store(1, Words.pack(Tenancy.free, generation)) }
      }
      slot.control.store(table.usedWord, 0)
      slot.control.store(table.allocatedWord, UInt64(max(slot.allocated(table), table.chunk)))
    }
    for lane in 0..<CTXTOP_LANES {
      for word in 0..<CTXTOP_LANE_WORDS { slot.lane(lane).store(word, 0) }
    }
    let allocated = CTXTOP_SLOT_ALLOCATED_NAMES..<CTXTOP_SLOT_USED_NAMES
    for word in 1..<CTXTOP_PAGE_BYTES / 8 where !allocated.contains(word) { slot.control.store(word, 0) }
    slot.control.store(Table.names.usedWord, 1)  // name 0 stands for "none"
  }
}
