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
    let view = SlotView(
      control: slot.control, lanes: slot.lane(0), names: slot.record(.names, 0),
      units: TableView(mapped: slot.record(.units, 0)), holdings: TableView(mapped: slot.record(.holdings, 0)),
      failures: TableView(mapped: slot.record(.failures, 0)), nameCount: slot.used(.names),
      unitCount: slot.used(.units), holdingCount: slot.used(.holdings), failureCount: slot.used(.failures))
    var recorder = SlotRecorder()
    guard recorder.write(slot: 0, view: view) else { return Worker() }
    var record = ByteSink(capacity: 4096)
    let list = record.beginRecord(wallTime: 1, monotonicTime: 1)
    recorder.out.withBytes { record.bytes($0) }
    record.pulse(.unknown, 0, nil, draining: nil)
    let nobody = UnsafeRawBufferPointer(start: nil, count: 0)
    let actions = ByteSink(capacity: 64)
    record.finishRecord(list, workers: 1, service: nobody, host: nobody, actions: actions)
    do {
      return try RecordDecoder.decode(record.array()).workers[0]
    } catch {
      fatalError("not a record: \(error)")
    }
  }

  /// The names that a reader knows.
  package func readNames() -> [String] {
    [""] + (1..<max(slot.used(.names), 1)).map { readName(UInt32($0)) }
  }

  /// A name as a reader sees it, in the place of a server's kind.
  private func readName(_ number: UInt32) -> String {
    let word = slot.control.load(CTXTOP_SLOT_SERVER)
    defer { slot.control.store(CTXTOP_SLOT_SERVER, word) }
    slot.control.store(CTXTOP_SLOT_SERVER, Words.pack(number, 0))
    return read().server.kind
  }

  /// The number of a text.
  package func name(_ text: String) -> UInt32 { names.number(of: text) }
}
