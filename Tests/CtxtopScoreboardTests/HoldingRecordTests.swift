// Connection records: opened, moved and closed by any thread, each tenant known by its generation.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Synchronization
import Testing

@Suite("Connections")
struct HoldingRecordTests {
  private static let checkedOut = UInt32(ConnectionState.checkedOut.rawValue)

  @Test("A connection is opened idle, checked out with its holder, given back and closed")
  func life() throws {
    let memory = PrivateSlot()
    let url = memory.name("sqlite://")
    let engine = try #require(memory.slot.describeEngine(url: url, poolSize: 5, overflow: 10, timeout: 30_000))
    let token = try #require(
      memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(engine, 77), at: 5))
    let opened = try #require(memory.read().connections.first)
    #expect(opened.state == .idle && opened.engine == 0 && opened.backendPID == 77 && opened.opened == 5)
    #expect(opened.holder == nil)
    var holder = HolderWords()
    holder.unit = Words.pack(3, 9)
    holder.request = 12
    holder.label = Label(method: 3, endpoint: memory.name("pay")).word
    holder.frame = memory.name("shop.py:40 pay")
    memory.slot.moveHolding(token, to: Self.checkedOut, holder: holder, at: 6)
    let held = try #require(memory.read().connections.first)
    #expect(held.state == .checkedOut && held.since == 6)
    #expect(held.holder?.unit == 3 && held.holder?.unitGeneration == 9 && held.holder?.request == 12)
    #expect(held.holder?.label == RequestLabel(method: "POST", endpoint: "pay"))
    #expect(held.holder?.frame == "shop.py:40 pay")
    memory.slot.moveHolding(token, to: UInt32(ConnectionState.idle.rawValue), holder: HolderWords(), at: 7)
    #expect(memory.read().connections.first?.holder == nil)
    memory.slot.closeHolding(token)
    #expect(memory.read().connections.isEmpty)
  }

  @Test("What comes late for a closed connection changes neither its record nor that of the next tenant")
  func late() throws {
    let memory = PrivateSlot()
    let first = try #require(memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 1), at: 1))
    memory.slot.closeHolding(first)
    memory.slot.moveHolding(first, to: Self.checkedOut, holder: HolderWords(), at: 2)
    #expect(memory.read().connections.isEmpty)
    let second = try #require(
      memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 2), at: 3))
    #expect(second.index == first.index && second.generation != first.generation)
    memory.slot.moveHolding(first, to: Self.checkedOut, holder: HolderWords(), at: 4)
    memory.slot.closeHolding(first)
    #expect(memory.read().connections.map(\.state) == [.idle])
  }

  @Test("A full table drops what comes, counts it, and has room again when one closes")
  func full() throws {
    let memory = PrivateSlot(limits: [.holdings: 8])
    let tokens = (0..<8).compactMap {
      memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, UInt32($0)), at: 1)
    }
    #expect(tokens.count == 8)
    #expect(memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 9), at: 1) == nil)
    #expect(memory.read().counters.dropped.holdings == 1)
    memory.slot.closeHolding(tokens[5])
    #expect(memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 9), at: 1)?.index == 5)
  }

  @Test("A record left in mid-write is passed over")
  func leftOdd() throws {
    let memory = PrivateSlot()
    let token = try #require(memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 1), at: 1))
    ChangeCount.beginOwned(memory.slot.record(.holdings, 0))
    memory.slot.closeHolding(token)
    #expect(memory.read().counters.dropped.races == 1)
    #expect(memory.read().unstable == 1)
    #expect(memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 2), at: 2)?.index == 1)
  }

  @Test("Threads that open at once never get the same record", arguments: 0..<20)
  func threads(round: Int) {
    let memory = PrivateSlot()
    let lost = Atomic<Int>(0)
    onThreads(8) { thread in
      for turn in 0..<60 {
        let pid = UInt32(thread &* 1000 &+ turn)
        guard let token = memory.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, pid), at: 1)
        else { continue }
        let record = memory.slot.record(.holdings, Int(token.index))
        if record.load(CTXTOP_HOLDING_SUBJECT).high != pid { lost.add(1, ordering: .relaxed) }
        if turn % 3 == 0 { memory.slot.closeHolding(token) }
      }
    }
    let worker = memory.read()
    #expect(lost.load(ordering: .relaxed) == 0)
    #expect(worker.counters.dropped.total == 0)
    #expect(worker.connections.count == 8 * 40)
    #expect(Set(worker.connections.map(\.backendPID)).count == 8 * 40)
  }

  @Test("The same engine has the same index; a full table has none to give")
  func engines() {
    let memory = PrivateSlot()
    for index in 0..<UInt32(CTXTOP_ENGINES) {
      #expect(memory.slot.describeEngine(url: index + 1, poolSize: 5, overflow: 0, timeout: 1) == index)
    }
    #expect(memory.slot.describeEngine(url: 3, poolSize: 5, overflow: 0, timeout: 1) == 2)
    #expect(memory.slot.describeEngine(url: 99, poolSize: 5, overflow: 0, timeout: 1) == nil)
    #expect(memory.read().engines.count == CTXTOP_ENGINES)
  }
}
