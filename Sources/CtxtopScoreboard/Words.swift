// Shared memory as aligned 64-bit words. Nothing reads or writes a segment but through this type, so that
// every access is atomic and no compiler may tear, merge or repeat it.

import CCtxtop
import Synchronization

/// A run of 64-bit words in shared memory, or in a private copy of it.
package struct Words {
  package let base: UnsafeMutableRawPointer

  @inline(__always)
  package init(_ base: UnsafeMutableRawPointer) { self.base = base }

  @inline(__always)
  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    UnsafeMutablePointer<Atomic<UInt64>>(OpaquePointer(base + index &* 8))
  }

  /// The words from `index` on.
  @inline(__always)
  package func advanced(by index: Int) -> Words { Words(base + index &* 8) }

  /// Reads a word; what its writer wrote before it is visible afterwards.
  @inline(__always)
  package func load(_ index: Int) -> UInt64 { word(index).pointee.load(ordering: .acquiring) }

  /// Reads a word that only this thread writes, or whose neighbours do not matter.
  @inline(__always)
  package func loadRelaxed(_ index: Int) -> UInt64 { word(index).pointee.load(ordering: .relaxed) }

  /// Writes a word; what this thread wrote before is visible to whoever reads it.
  @inline(__always)
  package func store(_ index: Int, _ value: UInt64) { word(index).pointee.store(value, ordering: .releasing) }

  /// Writes a word whose neighbours do not matter.
  @inline(__always)
  package func storeRelaxed(_ index: Int, _ value: UInt64) { word(index).pointee.store(value, ordering: .relaxed) }

  /// Adds to a word that anybody may add to.
  @inline(__always)
  package func add(_ index: Int, _ value: UInt64 = 1) { word(index).pointee.wrappingAdd(value, ordering: .relaxed) }

  /// Adds to a word that only this thread writes: no locked instruction.
  @inline(__always)
  package func addOwned(_ index: Int, _ value: UInt64 = 1) { storeRelaxed(index, loadRelaxed(index) &+ value) }

  /// Raises a word that anybody may raise to at least `value`.
  @inline(__always)
  package func raise(_ index: Int, to value: UInt64) {
    var seen = loadRelaxed(index)
    while seen < value {
      let (exchanged, original) = word(index).pointee.compareExchange(
        expected: seen, desired: value, ordering: .acquiringAndReleasing)
      if exchanged { return }
      seen = original
    }
  }

  /// Replaces a word if it still has the expected value.
  @inline(__always)
  package func exchange(_ index: Int, expected: UInt64, with desired: UInt64) -> Bool {
    word(index).pointee.compareExchange(expected: expected, desired: desired, ordering: .acquiringAndReleasing)
      .exchanged
  }

  /// Two 32-bit halves in one word, the low one first.
  @inline(__always)
  package static func pack(_ low: UInt32, _ high: UInt32) -> UInt64 { UInt64(low) | UInt64(high) &<< 32 }
}

extension UInt64 {
  /// The low half of a packed word.
  @inline(__always)
  package var low: UInt32 { UInt32(truncatingIfNeeded: self) }

  /// The high half of a packed word.
  @inline(__always)
  package var high: UInt32 { UInt32(truncatingIfNeeded: self &>> 32) }
}

/// The half-word that stands for "not known" or "none".
package let none32: UInt32 = 0xffff_ffff
