// A slot in private memory: what writers and readers of its tables do, without a file behind them.

import CCtxtop
import CtxtopScoreboard
import CtxtopSnapshot

/// A slot with all of its tables, or as much of them as a test allows.
package final class PrivateSlot: @unchecked Sendable {
  // Sendable: the memory is made for several threads, and lives as long as this object.

  package let slot: Slot
  package let names: NameTable
  private let base: UnsafeMutableRawPointer

  /// `limits`: records that are allocated, for tables that are to be smaller than they could be.
  package init(limits: [Table: Int] = [:]) {
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    guard let base = mmap(nil, CTXTOP_SLOT_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0) else { fatalError("no memory") }
    self.base = base
    slot = Slot(index: 0, base: base)
    for table in Table.allCases { slot.control.store(table.allocatedWord, UInt64(limits[table] ?? table.capacity)) }
    slot.control.store(Table.names.usedWord, 1)
    slot.control.store(CTXTOP_SLOT_TENANT, Words.pack(Tenancy.live, 1))
    names = NameTable(slot: slot)
  }

  deinit { munmap(base, CTXTOP_SLOT_BYTES) }

  /// The slot as a reader sees it.
  package func read() -> Worker {
    var names = NameReader()
    names.advance(generation: 1, table: slot.record(.names, 0), from: 0, count: slot.used(.names))
    let view = SlotView(
      control: slot.control, lanes: slot.lane(0), units: TableView(mapped: slot.record(.units, 0)),
      holdings: TableView(mapped: slot.record(.holdings, 0)),
      failures: TableView(mapped: slot.record(.failures, 0)), unitCount: slot.used(.units),
      holdingCount: slot.used(.holdings), failureCount: slot.used(.failures))
    return SlotReader().worker(slot: 0, view: view, names: names.names) ?? Worker()
  }

  /// The names that a reader knows.
  package func readNames() -> [String] {
    var names = NameReader()
    names.advance(generation: 1, table: slot.record(.names, 0), from: 0, count: slot.used(.names))
    return names.names
  }

  /// The number of a text.
  package func name(_ text: String) -> UInt32 { names.number(of: text) }
}
