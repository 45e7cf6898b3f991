// A record under a change count that shows by itself whether a copy of it is of one change.

import CtxtopScoreboard

/// A record whose every word follows from its first. The first word is its change count.
package struct ProvingRecord: @unchecked Sendable {
  // Sendable: every access to the words is atomic, and who made them gives them back after the last.

  /// Words of a record.
  package static let words = 32

  package let words: Words

  package init(_ words: Words) { self.words = words }

  /// Writes all words, between the beginning and the end of a change.
  package func write(_ seed: UInt64) {
    for index in 1..<Self.words { words.store(index, Self.word(index, seed)) }
  }

  /// Whether a copy is of one change.
  package static func isWhole(_ copy: Words) -> Bool {
    let seed = (copy.loadRelaxed(1) &* 0xf1de_83e1_9937_733d) &- 1
    for index in 1..<words where copy.loadRelaxed(index) != word(index, seed) { return false }
    return true
  }

  /// Runs `body` with room for a copy.
  package static func withCopy<Result>(_ body: (Words) -> Result) -> Result {
    let copy = Words(.allocate(byteCount: words * 8, alignment: 64))
    defer { copy.base.deallocate() }
    return body(copy)
  }

  /// 0x9e37... times 0xf1de... is 1.
  private static func word(_ index: Int, _ seed: UInt64) -> UInt64 { (seed &+ UInt64(index)) &* 0x9e37_79b9_7f4a_7c15 }
}
