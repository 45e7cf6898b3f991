// How a thread gets its lane of counters and its unit record, and gives them back when it ends.

import CCtxtop

extension Slot {
  /// A lane for a thread; lane 0, which is shared, when all are taken.
  package func takeLane(_ thread: UInt64) -> (lane: Words, isShared: Bool) {
    for index in 1..<CTXTOP_LANES {
      let lane = lane(index)
      guard lane.exchange(CTXTOP_LANE_OWNER, expected: 0, with: thread) else { continue }
      control.raise(CTXTOP_SLOT_USED_LANES, to: UInt64(index &+ 1))
      return (lane, false)
    }
    control.raise(CTXTOP_SLOT_USED_LANES, to: 1)
    return (lane(0), true)
  }

  /// A unit record for a new unit; nil: the table is full. The caller is its only writer from here on.
  package func takeUnit(kind: UInt32, nativeID: UInt64, name: UInt32, at now: UInt64) -> Words? {
    for index in 0..<used(.units) where take(index, kind: kind) {
      return begin(index, nativeID: nativeID, name: name, at: now)
    }
    // A record that was just added may be found by another thread's search before it is ours.
    while let index = takeUnused(.units) {
      if take(index, kind: kind) { return begin(index, nativeID: nativeID, name: name, at: now) }
    }
    guard let index = oldestEvidence(), take(index, kind: kind, from: Tenancy.gone) else { return nil }
    control.add(CTXTOP_SLOT_DROPPED_UNITS)
    return begin(index, nativeID: nativeID, name: name, at: now)
  }

  /// The unit that has been gone for the longest time, once the table cannot grow any more: where each connection is
  /// a greenlet that leaks, evidence would soon leave no room for the living.
  @inline(never)
  private func oldestEvidence() -> Int? {
    if allocated(.units) < Table.units.capacity { return nil }
    var oldest: (index: Int, time: UInt64)?
    for index in 0..<used(.units) {
      let record = record(.units, index)
      let time = record.loadRelaxed(CTXTOP_UNIT_LAST_EVENT)
      guard record.load(CTXTOP_UNIT_TENANT).low & 0xff == Tenancy.gone, time < oldest?.time ?? .max else { continue }
      oldest = (index, time)
    }
    return oldest?.index
  }

  private func take(_ index: Int, kind: UInt32, from tenancy: UInt32 = Tenancy.free) -> Bool {
    let record = record(.units, index)
    let tenant = record.load(CTXTOP_UNIT_TENANT)
    let live = Words.pack(Tenancy.live | kind &<< 8, tenant.high &+ 1)
    return tenant.low & 0xff == tenancy && record.exchange(CTXTOP_UNIT_TENANT, expected: tenant, with: live)
  }

  private func begin(_ index: Int, nativeID: UInt64, name: UInt32, at now: UInt64) -> Words {
    let record = record(.units, index)
    ChangeCount.beginOwned(record)
    for word in CTXTOP_UNIT_NATIVE_ID..<CTXTOP_UNIT_WORDS { record.store(word, 0) }
    record.store(CTXTOP_UNIT_NATIVE_ID, nativeID)
    record.store(CTXTOP_UNIT_NAME, Words.pack(name, 0))
    record.store(CTXTOP_UNIT_LAST_EVENT, now)
    // Serial numbers are unique in the slot because each tenant of each record has its own range of them.
    let tenant = UInt64(record.load(CTXTOP_UNIT_TENANT).high & 0xffff)
    record.store(CTXTOP_UNIT_SERIALS, UInt64(index &+ 1) &<< 48 | tenant &<< 32)
    ChangeCount.end(record)
    return record
  }

  /// Which tenant of which record a unit is: index | generation.
  package func reference(to unit: UnitRecord) -> UInt64 {
    Words.pack(UInt32(index(of: unit.words, in: .units)), unit.words.loadRelaxed(CTXTOP_UNIT_TENANT).high)
  }

  /// The unit has ended. What it left on its stack or in the middle of a request stays as evidence.
  package func releaseUnit(_ record: Words) {
    let unit = UnitRecord(record)
    let tenant = record.load(CTXTOP_UNIT_TENANT)
    let state = unit.entries == 0 && !unit.isRequestOpen ? Tenancy.free : Tenancy.gone
    record.store(CTXTOP_UNIT_TENANT, Words.pack(tenant.low & ~0xff | state, tenant.high))
  }
}
