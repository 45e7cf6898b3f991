// The protocol by which a record is read while somebody writes it. This is its one home.
//
// The first word of a record is its change count: even while the record is stable, odd while it is being
// written. All other words of the record are atomic; there is no memcpy and no fence.
//
//   writer   count = odd (relaxed) · each word (release) · count = next even (release)
//   reader   count (acquire), must be even · each word (acquire) · count again, must be the same
//
// Why that is enough: a reader that sees one word of an unfinished change has, by that word's
// release/acquire pair, also seen the odd count, so its second look at the count differs. On x86-64 all of
// these are plain moves.
//
// What must hold:
//  1. Between `begin` and `end` there are only stores to this record: nothing that fails, calls out or loops
//     over foreign data. What is to be written is prepared before.
//  2. A record has one writer at a time: either the thread that owns it (`beginOwned`), or whoever turned
//     the count odd by compare-and-swap (`beginShared`), who gives up after a fixed number of tries.
//  3. A writer that is killed leaves the count odd. Readers say "unstable"; they never wait for it. Only the
//     next owner of the slot repairs it.
//  4. Words outside of the protocol (exact counts, last times) are marked "not guarded" in layout.h.

import CCtxtop

package enum ChangeCount {
  /// How often a writer tries to get a record that another one is writing, before its event is dropped.
  private static let writerTries = 64
  /// How often a reader tries to read a record that is being written, before it is called unstable.
  package static let readerTries = 64

  /// Begins a change of a record that only the calling thread writes.
  @inline(__always)
  package static func beginOwned(_ record: Words) {
    record.storeRelaxed(0, record.loadRelaxed(0) | 1)
  }

  /// Begins a change of a record that several threads write; false: somebody else was faster, each time.
  @inline(__always)
  package static func beginShared(_ record: Words) -> Bool {
    for _ in 0..<writerTries {
      let count = record.loadRelaxed(0)
      if count & 1 == 0, record.exchange(0, expected: count, with: count &+ 1) { return true }
      ctxtop_pause()
    }
    return false
  }

  /// Ends a change: the record is stable again.
  @inline(__always)
  package static func end(_ record: Words) {
    record.store(0, (record.loadRelaxed(0) | 1) &+ 1)
  }
}

/// The three looks at one table of records that reading takes: the change counts before, the words, the
/// counts after. In a mapping all three are the same memory; read with `pread`, three copies in that order.
package struct TableView {
  package let before: Words
  package let body: Words
  package let after: Words

  /// A view of live memory.
  package init(mapped: Words) { self.init(before: mapped, body: mapped, after: mapped) }

  /// A view of three copies that were made one after the other.
  package init(before: Words, body: Words, after: Words) {
    self.before = before
    self.body = body
    self.after = after
  }

  /// Copies the record at `offset` (in words) if it was stable while being copied. One try.
  @inline(__always)
  package func copy(at offset: Int, count words: Int, into copy: Words) -> Bool {
    let count = before.load(offset)
    if count & 1 == 1 { return false }
    for index in 1..<words { copy.storeRelaxed(index, body.load(offset &+ index)) }
    copy.storeRelaxed(0, count)
    return after.load(offset) == count
  }
}
