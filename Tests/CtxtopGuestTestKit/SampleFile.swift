// The sample segment as a file that is changed and made whole again.

import CCtxtop
import CtxtopRandomKit
import CtxtopScoreboard

package final class SampleFile {
  /// As long as all tables of its slot together: whatever it says of their lengths, there is something.
  package static var length: Int { SlotLayout.offset(of: 1) }

  private let place = TemporaryDirectory()
  private let bytes: [UInt8]
  private let descriptor: Int32
  private var changed: Set<Int> = []
  private var isCut = false

  package var path: String { place.path + "/" + shopSegment }

  package init() {
    bytes = SampleSegment.bytes()
    place.write(shopSegment, bytes)
    descriptor = ctxtop_open(place.path + "/" + shopSegment, O_RDWR, 0)
    guard descriptor >= 0, ftruncate(descriptor, Self.length) == 0 else { fatalError("no segment") }
  }

  deinit { close(descriptor) }

  package func change(_ change: SegmentChange) {
    change.make(in: descriptor)
    changed.insert(change.offset)
  }

  /// Makes noise of the first slot's control page, but for its tenant.
  package func makeNoise(_ dice: inout Dice) {
    let start = SlotLayout.offset(of: 0)
    for offset in stride(from: start + 8, to: start + CTXTOP_PAGE_BYTES, by: 8) {
      change(SegmentChange(offset: offset, value: dice.next() >> dice.number(below: 64)))
    }
  }

  /// Ends the file here.
  package func cut(to length: Int) {
    ftruncate(descriptor, length)
    isCut = true
  }

  /// Takes everything back.
  package func restore() {
    if isCut {
      pwrite(descriptor, bytes, bytes.count, 0)
      ftruncate(descriptor, Self.length)
      isCut = false
    }
    for offset in changed {
      // Behind its end there was nothing.
      let isThere = offset + 8 <= bytes.count
      let value = bytes.withUnsafeBytes { isThere ? $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self) : 0 }
      SegmentChange(offset: offset, value: value).make(in: descriptor)
    }
    changed = []
  }
}
