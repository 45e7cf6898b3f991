// Names of a slot: written once, cut where they must be, counted where they are lost.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Names")
struct NameTableTests {
  @Test("The same text has the same number, another text another; no text has none")
  func interning() {
    let memory = PrivateSlot()
    let index = memory.name("index")
    #expect(index > 0)
    #expect(memory.name("index") == index)
    #expect(memory.name("indexes") != index)
    #expect(memory.name("") == 0)
    #expect(memory.readNames() == ["", "index", "indexes"])
  }

  @Test("Long text is cut between two characters", arguments: ["é", "€", "😀", "x"])
  func cut(character: String) {
    for prefix in 0..<4 {
      let memory = PrivateSlot()
      let text = String(repeating: "x", count: prefix) + String(repeating: character, count: 120)
      #expect(memory.name(text) == memory.name(text + "more"))
      let kept = memory.readNames()[1]
      #expect(text.hasPrefix(kept))
      #expect(kept.utf8.count > CTXTOP_NAME_TEXT_BYTES - 4 && kept.utf8.count <= CTXTOP_NAME_TEXT_BYTES)
    }
  }

  @Test("Bytes that are no text at all do no harm")
  func notText() {
    let memory = PrivateSlot()
    let bytes = [UInt8](repeating: 0x80, count: 300)
    #expect(bytes.withUnsafeBytes { memory.names.number(of: $0) } == 0)
    #expect([UInt8]([0xff, 0, 0xfe]).withUnsafeBytes { memory.names.number(of: $0) } == 1)
    #expect(memory.readNames() == ["", "?\0?"])
  }

  @Test("A full table names what it knows and counts the rest")
  func full() {
    let memory = PrivateSlot(limits: [.names: 64])
    for index in 1..<64 { #expect(memory.name("name \(index)") == UInt32(index)) }
    for index in 0..<5 { #expect(memory.name("one more \(index)") == 0) }
    #expect(memory.name("name 17") == 17)
    #expect(memory.read().counters.dropped.names == 5)
  }

  @Test("All of a table can be used")
  func wholeTable() {
    let memory = PrivateSlot()
    for index in 1..<CTXTOP_NAMES { #expect(memory.name("name \(index)") == UInt32(index)) }
    #expect(memory.name("one more") == 0)
    #expect(memory.readNames().last == "name \(CTXTOP_NAMES - 1)")
  }

  @Test("Threads that name the same texts at once all get numbers that read back as the text")
  func threads() {
    let memory = PrivateSlot()
    nonisolated(unsafe) let numbers = Words(.allocate(byteCount: 800 * 8, alignment: 8))
    defer { numbers.base.deallocate() }
    onThreads(8) { thread in
      for index in 0..<100 {
        numbers.store(thread * 100 + index, UInt64(memory.name("text \((index &+ thread) % 100)")))
      }
    }
    // Only now: a reader stops at a name that is still being written, though a later one has its number already.
    let names = memory.readNames()
    for thread in 0..<8 {
      for index in 0..<100 {
        #expect(names[Int(numbers.load(thread * 100 + index))] == "text \((index + thread) % 100)")
      }
    }
    #expect(memory.read().counters.dropped.total == 0)
    #expect(Set(memory.readNames()).count == 101)
  }
}
