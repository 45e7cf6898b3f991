// The change count under fire: whatever a reader gets as stable is the work of exactly one change. Meant to
// run under ThreadSanitizer as well.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Synchronization
import Testing

@Suite("Change count")
struct ChangeCountTests {
  private static let words = ProvingRecord.words
  private static let changes: UInt64 = 20_000

  /// A record in memory of its own, and how far its writers are.
  private final class SharedRecord: Sendable {
    private let record = ProvingRecord(Words(.allocate(byteCount: ProvingRecord.words * 8, alignment: 64)))
    let isDone = Atomic<Bool>(false)
    let changes = Atomic<UInt64>(0)

    var words: Words { record.words }

    init() {
      words.store(0, 0)
      write(0)
    }

    deinit { words.base.deallocate() }

    func write(_ seed: UInt64) { record.write(seed) }
  }

  @Test("Readers of live memory get whole records from one writer")
  func mapped() {
    let record = SharedRecord()
    let torn = Atomic<Int>(0)
    let stable = Atomic<Int>(0)
    onThreads(5) { index in
      if index == 0 {
        for change in 1...Self.changes {
          ChangeCount.beginOwned(record.words)
          record.write(change)
          ChangeCount.end(record.words)
        }
        return record.isDone.store(true, ordering: .releasing)
      }
      ProvingRecord.withCopy { copy in
        repeat {
          guard TableView(mapped: record.words).copy(at: 0, count: Self.words, into: copy) else { continue }
          stable.add(1, ordering: .relaxed)
          if !ProvingRecord.isWhole(copy) { torn.add(1, ordering: .relaxed) }
        } while !record.isDone.load(ordering: .acquiring)
        // The writer has gone: the last change is readable.
        if !TableView(mapped: record.words).copy(at: 0, count: Self.words, into: copy) {
          torn.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(stable.load(ordering: .relaxed) > 0)
  }

  @Test("So do readers of three copies made one after the other")
  func copied() {
    let record = SharedRecord()
    let torn = Atomic<Int>(0)
    let stable = Atomic<Int>(0)
    onThreads(4) { index in
      if index == 0 {
        for change in 1...Self.changes {
          ChangeCount.beginOwned(record.words)
          record.write(change)
          ChangeCount.end(record.words)
          if change % 64 == 0 { sched_yield() }
        }
        return record.isDone.store(true, ordering: .releasing)
      }
      Self.readCopies(of: record) { isWhole in
        stable.add(1, ordering: .relaxed)
        if !isWhole { torn.add(1, ordering: .relaxed) }
      }
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(stable.load(ordering: .relaxed) > 0)
  }

  private static func readCopies(of record: SharedRecord, _ report: (Bool) -> Void) {
    let looks = (0..<3).map { _ in Words(.allocate(byteCount: words * 8, alignment: 64)) }
    defer { for look in looks { look.base.deallocate() } }
    ProvingRecord.withCopy { copy in
      var isLast = false
      repeat {
        isLast = record.isDone.load(ordering: .acquiring)
        for look in looks { for index in 0..<words { look.storeRelaxed(index, record.words.load(index)) } }
        let view = TableView(before: looks[0], body: looks[1], after: looks[2])
        guard view.copy(at: 0, count: words, into: copy) else { continue }
        report(ProvingRecord.isWhole(copy))
      } while !isLast
    }
  }

  @Test("Writers that share a record never mix their changes, and lose none that they were given")
  func sharedWriters() {
    let record = SharedRecord()
    let torn = Atomic<Int>(0)
    let running = Atomic<Int>(4)
    onThreads(6) { index in
      if index < 4 {
        for change in 1...Self.changes / 4 where ChangeCount.beginShared(record.words) {
          record.write(change &* 4 &+ UInt64(index))
          record.changes.add(1, ordering: .relaxed)
          ChangeCount.end(record.words)
        }
        running.subtract(1, ordering: .acquiringAndReleasing)
        return
      }
      ProvingRecord.withCopy { copy in
        repeat {
          guard TableView(mapped: record.words).copy(at: 0, count: Self.words, into: copy) else { continue }
          if !ProvingRecord.isWhole(copy) { torn.add(1, ordering: .relaxed) }
        } while running.load(ordering: .acquiring) > 0
      }
    }
    #expect(torn.load(ordering: .relaxed) == 0)
    #expect(record.words.load(0) == record.changes.load(ordering: .relaxed) * 2)
    #expect(record.words.load(0) > 0)
  }

  @Test("A count left odd is unstable to readers and refused to sharing writers; its owner repairs it")
  func leftOdd() {
    let record = SharedRecord()
    ChangeCount.beginOwned(record.words)
    ProvingRecord.withCopy { copy in
      #expect(!TableView(mapped: record.words).copy(at: 0, count: Self.words, into: copy))
      #expect(!ChangeCount.beginShared(record.words))
      ChangeCount.beginOwned(record.words)
      ChangeCount.end(record.words)
      #expect(TableView(mapped: record.words).copy(at: 0, count: Self.words, into: copy))
      #expect(copy.loadRelaxed(0) == 2)
    }
  }

  @Test("A slot with records left in mid-write is read, and says how many")
  func unstableRecords() throws {
    let memory = PrivateSlot()
    for _ in 0..<3 { _ = memory.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) }
    ChangeCount.beginOwned(memory.slot.record(.units, 1))
    let worker = memory.read()
    #expect(worker.unstable == 1)
    #expect(worker.units.map(\.id) == [0, 2])
  }
}
