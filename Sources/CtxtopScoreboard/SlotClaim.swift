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
    let found = survey(file, lock)
    var failure = SystemFailure("finding a free slot", ENOSPC)
    do throws(SystemFailure) {
      for index in found.free where lock.take(index) {
        if let slot = try takeOver(index, file, lock) { return slot }
      }
    } catch {
      // No space for a new slot, most likely: one of the dead has its pages already.
      failure = error
    }
    for index in found.dead where lock.take(index) {
      if let slot = try takeOver(index, file, lock) { return slot }
    }
    throw failure
  }

  private struct Survey {
    var free: [Int] = []
    var dead: [Int] = []
  }

  private struct Corpse {
    let index: Int
    let heartbeat: UInt64
    let holds: Bool
  }

  private static func survey(_ file: SegmentFile, _ lock: LockFile) -> Survey {
    let slots = SlotCount.inFile(file.descriptor)
    var survey = Survey()
    var corpses: [Corpse] = []
    let buffer = UnsafeMutableRawPointer.allocate(byteCount: CTXTOP_PAGE_BYTES, alignment: 8)
    defer { buffer.deallocate() }
    for index in 0..<slots {
      let control = Words(buffer)
      guard pread(file.descriptor, buffer, CTXTOP_PAGE_BYTES, SlotLayout.offset(of: index)) > 128 else { continue }
      if control.load(CTXTOP_SLOT_TENANT).low == Tenancy.free {
        survey.free.append(index)
      } else if lock.isHeld(index) == false, isAbandoned(control) {
        let heartbeat = control.load(CTXTOP_SLOT_HEARTBEAT)
        insert(Corpse(index: index, heartbeat: heartbeat, holds: holds(file, index)), into: &corpses)
      }
    }
    survey.dead = order(corpses)
    if corpses.count < deadKept { for index in slots..<CTXTOP_SLOTS { survey.free.append(index) } }
    return survey
  }

  /// Keeps the dead in the order of their deaths. (By hand: the library's sort would be 3 kB of the extension.)
  private static func insert(_ corpse: Corpse, into corpses: inout [Corpse]) {
    var place = corpses.count
    corpses.append(corpse)
    while place > 0, corpse.heartbeat < corpses[place - 1].heartbeat {
      corpses.swapAt(place - 1, place)
      place -= 1
    }
  }

  /// The order in which the dead give up their slots.
  private static func order(_ corpses: [Corpse]) -> [Int] {
    let older = max(corpses.count - latestKept, 0)
    var order: [Int] = []
    for index in 0..<older where !corpses[index].holds { order.append(corpses[index].index) }
    for index in 0..<older where corpses[index].holds { order.append(corpses[index].index) }
    for index in older..<corpses.count { order.append(corpses[index].index) }
    return order
  }

  /// Whether the tenant of an unlocked slot has really gone.
  private static func isAbandoned(_ control: Words) -> Bool {
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
    Clock.monotonic() &- control.load(CTXTOP_SLOT_HEARTBEAT) > freshHeartbeat
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
