// Text in a slot is written once and then named by a number: a request label is one word instead of two
// hundred bytes, and an event costs the same however long a rule is. Names are never changed or removed
// while their slot has the same tenant.

import CCtxtop
import Synchronization

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// The writer's side of a slot's names.
package struct NameTable: @unchecked Sendable {
  // Sendable: the index is atomic words, used by any thread.

  private static let indexSize = 4096  // a power of two, twice the capacity
  private let slot: Slot
  private let index: Words

  /// A table for a slot just claimed. The index is private memory of 32 kB and lives as long as the process.
  package init(slot: Slot, reusing old: NameTable? = nil) {
    self.slot = slot
    if let old {
      index = old.index
    } else {
      index = Words(UnsafeMutableRawPointer.allocate(byteCount: Self.indexSize * 8, alignment: 8))
    }
    for entry in 0..<Self.indexSize { index.storeRelaxed(entry, 0) }
  }

  /// The number of a text; 0 when it is empty or the table is full (which is counted).
  ///
  /// Takes no lock and allocates nothing: two threads that name the same text at once may give it two numbers.
  package func number(of text: UnsafeRawBufferPointer) -> UInt32 {
    let text = UnsafeRawBufferPointer(rebasing: text[..<Self.cut(text)])
    if text.count == 0 { return 0 }
    var entry = Int(truncatingIfNeeded: Self.hash(text)) & (Self.indexSize - 1)
    for _ in 0..<Self.indexSize {
      let number = index.load(entry).low
      if number == 0 { break }
      if isText(text, of: number) { return number }
      entry = (entry &+ 1) & (Self.indexSize - 1)
    }
    guard let number = write(text) else {
      slot.control.add(CTXTOP_SLOT_DROPPED_NAMES)
      return 0
    }
    for _ in 0..<Self.indexSize {
      if index.exchange(entry, expected: 0, with: UInt64(number)) { break }
      entry = (entry &+ 1) & (Self.indexSize - 1)
    }
    return number
  }

  /// The number of a Swift string. Not for the event path.
  @inline(never)
  package func number(of text: String) -> UInt32 {
    text.withBytes { number(of: $0) } ?? 0
  }

  private func write(_ text: UnsafeRawBufferPointer) -> UInt32? {
    guard let number = slot.takeUnused(.names) else { return nil }
    let record = slot.record(.names, number)
    let count = record.storeText(CTXTOP_NAME_TEXT, text, capacity: CTXTOP_NAME_TEXT_BYTES)
    record.store(CTXTOP_NAME_LENGTH, UInt64(count &+ 1))
    return UInt32(number)
  }

  private func isText(_ text: UnsafeRawBufferPointer, of number: UInt32) -> Bool {
    let record = slot.record(.names, Int(number))
    guard record.load(CTXTOP_NAME_LENGTH) == UInt64(text.count &+ 1) else { return false }
    return memcmp(record.base + CTXTOP_NAME_TEXT * 8, text.baseAddress!, text.count) == 0
  }

  /// Bytes of the text that fit, without cutting a character in two.
  private static func cut(_ text: UnsafeRawBufferPointer) -> Int {
    if text.count <= CTXTOP_NAME_TEXT_BYTES { return text.count }
    var count = CTXTOP_NAME_TEXT_BYTES
    while count > 0, text[count] & 0xc0 == 0x80 { count &-= 1 }
    return count
  }

  private static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash ^ hash &>> 32
  }
}
