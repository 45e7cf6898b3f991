// A segment with one worker that has something of everything, and how to change it as no writer would.

import CCtxtop
import CtxtopRandomKit
import CtxtopScoreboard

package enum SampleSegment {
  /// The bytes of its file.
  package static func bytes() -> [UInt8] {
    let place = TemporaryDirectory()
    guard let claimed = try? ClaimedSlot(place) else { fatalError("no segment") }
    for index in 0..<3 { fill(claimed, index) }
    let slot = claimed.slot
    slot.lane(1).store(CTXTOP_LANE_REQUESTS, 3)
    _ = slot.describeEngine(url: claimed.name("sqlite://"), poolSize: 5, overflow: 1, timeout: 1)
    var failure = FailureWords()
    failure.function = claimed.name("teardown")
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    slot.recordFailure(failure, skipped: .init(start: nil, count: 0), message: none, traceback: none, wallTime: 5)
    return place.read(shopSegment)
  }

  private static func fill(_ claimed: ClaimedSlot, _ index: Int) {
    let slot = claimed.slot
    guard let words = slot.takeUnit(kind: 0, nativeID: UInt64(index), name: claimed.name("unit"), at: 1) else { return }
    var outer = UnitRecord.Outer()
    _ = UnitRecord(words).beginRequest(at: 2, label: Label(method: 1), outer: &outer)
    UnitRecord(words).nameRequest(endpoint: claimed.name("index"), rule: claimed.name("/"))
    _ = UnitRecord(words).push(kind: 0, identity: 1, frame: claimed.name("shop.py:1"), request: 0, at: 3)
    _ = slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 9), at: 4)
  }
}

extension ClaimedSlot {
  /// The number of a text.
  fileprivate func name(_ text: String) -> UInt32 { names.number(of: text) }
}

/// A word that is another than the slot's writers would have written.
package struct SegmentChange {
  /// Offset in the file; a multiple of 8.
  package let offset: Int
  package let value: UInt64

  package init(offset: Int, value: UInt64) {
    self.offset = offset
    self.value = value
  }

  /// A word where words matter: mostly on the control page, else in a record.
  package init(_ dice: inout Dice) {
    let slot = SlotLayout.offset(of: 0)
    let values: [UInt64] = [
      0, 1, 2, .max, 1 << 63, 0xffff_ffff, 0xffff_ffff_0000_0001, dice.next(), dice.number(below: 5000),
    ]
    let tables = Table.allCases.map { slot + $0.offset + 8 * Int.random(in: 0..<3 * $0.words, using: &dice) }
    let control = slot + 8 * Int.random(in: 1..<50, using: &dice)
    let other = slot + 8 * Int.random(in: 0..<1536, using: &dice)
    offset = (tables + [control, control, control, other]).randomElement(using: &dice) ?? control
    // A slot without a tenant would end the test of everything else.
    value = offset == slot ? 1 : values.randomElement(using: &dice) ?? 0
  }

  /// Writes the word to a segment's file.
  package func make(in descriptor: Int32) {
    var value = value
    pwrite(descriptor, &value, 8, offset)
  }
}
