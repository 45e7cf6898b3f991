// One worker's part of the segment, mapped for writing by its owner: where everything in it lies.

import CCtxtop

/// A mapped slot.
package struct Slot: @unchecked Sendable {
  // Sendable: the memory is shared by design, and every access is atomic (Words).

  /// Index in the segment.
  package let index: Int
  private let base: UnsafeMutableRawPointer
  private static let laneBytes = CTXTOP_LANE_WORDS * 8

  package init(index: Int, base: UnsafeMutableRawPointer) {
    self.index = index
    self.base = base
  }

  /// The control page.
  @inline(__always)
  package var control: Words { Words(base) }

  /// A lane of counters; lane 0 is shared.
  @inline(__always)
  package func lane(_ index: Int) -> Words {
    let offset: Int = CTXTOP_LANES_BYTES &+ index &* Self.laneBytes
    return Words(base + offset)
  }

  /// A record of a table.
  @inline(__always)
  package func record(_ table: Table, _ index: Int) -> Words {
    let offset: Int = table.offset &+ index &* table.recordBytes
    return Words(base + offset)
  }

  /// Index of a record in its table.
  @inline(__always)
  package func index(of record: Words, in table: Table) -> Int {
    (record.base - (base + table.offset)) / table.recordBytes
  }

  /// Records of a table whose pages exist.
  @inline(__always)
  package func allocated(_ table: Table) -> Int {
    max(min(Int(truncatingIfNeeded: control.load(table.allocatedWord)), table.capacity), 0)
  }

  /// Records of a table that were ever used.
  @inline(__always)
  package func used(_ table: Table) -> Int {
    max(min(Int(truncatingIfNeeded: control.load(table.usedWord)), allocated(table)), 0)
  }

  /// Takes the next record of a table that was never used; nil: the table is full, for now or for good.
  package func takeUnused(_ table: Table) -> Int? {
    while true {
      let used = control.load(table.usedWord)
      if used >= UInt64(allocated(table)) { return nil }
      if control.exchange(table.usedWord, expected: used, with: used &+ 1) { return Int(used) }
    }
  }

  /// Allocates what the tables will need soon: the more there is, the more may come at once. Agent's thread only.
  package func allocateAhead(in file: SegmentFile) {
    for table in Table.allCases {
      let allocated = allocated(table)
      guard allocated < table.capacity, used(table) &+ table.chunk / 2 > allocated else { continue }
      // Both are whole numbers of chunks, so that pages are never cut.
      let count = min(max(table.chunk, allocated), table.capacity &- allocated)
      let bytes = table.recordBytes
      do throws(SystemFailure) {
        let start = SlotLayout.offset(of: index) &+ table.offset
        try file.allocate(offset: start &+ allocated &* bytes, count: count &* bytes)
        control.store(table.allocatedWord, UInt64(allocated &+ count))
      } catch {
        // No space: what does not fit is dropped and counted by whoever wanted it.
      }
    }
  }
}
