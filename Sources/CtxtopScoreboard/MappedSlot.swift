// Read-only mappings of one slot, grown as its owner allocates more.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// Another worker's slot (or one's own) as the leader reads it.
package struct MappedSlot: ~Copyable {
  private struct Range {
    var base: UnsafeMutableRawPointer?
    var bytes = 0
  }

  private var fixed = Range()
  private var tables: InlineArray<4, Range> = InlineArray(repeating: Range())
  /// The worker's block of a record, as it was read last.
  var block = ByteSink(capacity: 0)
  /// What the last pass left for the next.
  var memory = SlotMemory()

  package init() {}

  /// The control page. Only after `refresh` returned true.
  package var control: Words { Words(fixed.base!) }

  /// Maps what is there and not yet mapped; false: the slot was never used, or cannot be mapped.
  package mutating func refresh(_ descriptor: Int32, slot: Int) -> Bool {
    let start = SlotLayout.offset(of: slot)
    if fixed.base == nil {
      // Reading a hole through a mapping would allocate it: look with pread first.
      var tenant: UInt64 = 0
      guard pread(descriptor, &tenant, 8, start) == 8, tenant != 0 else { return false }
      guard Self.map(&fixed, descriptor, offset: start, bytes: CTXTOP_NAMES_BYTES) else { return false }
    }
    for table in Table.allCases {
      let allocated = min(Int(truncatingIfNeeded: control.load(table.allocatedWord)), table.capacity)
      let bytes = max(allocated, 0) &* table.recordBytes
      if bytes > tables[table.rawValue].bytes {
        _ = Self.map(&tables[table.rawValue], descriptor, offset: start &+ table.offset, bytes: bytes)
      }
    }
    return true
  }

  /// The slot as SlotRecorder wants it.
  package var view: SlotView {
    SlotView(
      control: control, lanes: control.advanced(by: CTXTOP_LANES_BYTES / 8), names: table(.names).body,
      units: table(.units), holdings: table(.holdings), failures: table(.failures), nameCount: used(.names),
      unitCount: used(.units), holdingCount: used(.holdings), failureCount: used(.failures))
  }

  private func table(_ table: Table) -> TableView {
    TableView(mapped: Words(tables[table.rawValue].base ?? fixed.base!))
  }

  private func used(_ table: Table) -> Int {
    let mapped = tables[table.rawValue].bytes / table.recordBytes
    return min(max(Int(truncatingIfNeeded: control.load(table.usedWord)), 0), mapped)
  }

  private static func map(_ range: inout Range, _ descriptor: Int32, offset: Int, bytes: Int) -> Bool {
    let base = mmap(nil, bytes, PROT_READ, MAP_SHARED, descriptor, offset)
    guard let base, base != UnsafeMutableRawPointer(bitPattern: -1) else { return false }
    if let old = range.base { munmap(old, range.bytes) }
    range = Range(base: base, bytes: bytes)
    return true
  }

  deinit {
    if let base = fixed.base { munmap(base, fixed.bytes) }
    for index in 0..<4 { if let base = tables[index].base { munmap(base, tables[index].bytes) } }
  }
}
