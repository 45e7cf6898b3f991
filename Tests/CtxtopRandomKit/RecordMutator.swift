// Changes the payloads of records as no encoder would write them: numbers and lengths that cannot be, parts that come
// twice, not at all, or from elsewhere.

/// Makes false payloads of a true one.
package struct RecordMutator: DiceThrower {
  package var dice: Dice

  package init(seed: UInt64) { dice = Dice(state: seed) }

  private static let bytes: [UInt8] = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF]
  private static let numbers: [[UInt8]] = [
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
    [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1],
    [0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x80, 0x80, 0x80, 0x80, 0x10],
    [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F],
    [0x80], [0xFF, 0x7F], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
  ]

  /// A payload that differs from `payload` in a few places.
  package mutating func change(_ payload: [UInt8]) -> [UInt8] {
    var changed = payload
    for _ in 0...small(rarely() ? 24 : 4) { changeOnce(&changed) }
    return changed
  }

  /// Bytes without any sense.
  package mutating func noise() -> [UInt8] { dice.bytes(small(rarely() ? 4096 : 300)) }

  private mutating func changeOnce(_ bytes: inout [UInt8]) {
    if bytes.isEmpty { bytes = [dice.byte()] }
    let place = small(UInt64(bytes.count))
    switch small(11) {
    case 0: bytes[place] = Self.bytes[small(UInt64(Self.bytes.count))]
    case 1: bytes[place] = dice.byte()
    case 2: bytes[place] ^= 1 << UInt8(small(8))
    case 3: bytes[place] = bytes[place] &+ (flip() ? 1 : 0xFF)
    case 4, 5: replaceLength(&bytes, at: place)
    case 6: bytes.insert(contentsOf: Self.numbers[small(UInt64(Self.numbers.count))], at: place)
    case 7: bytes.removeSubrange(place..<end(of: place, in: bytes))
    case 8: bytes.insert(contentsOf: bytes[place..<end(of: place, in: bytes)], at: small(UInt64(bytes.count)))
    case 9: if rarely() { bytes.removeSubrange(place...) }
    default: for index in place..<min(place + 8, bytes.count) { bytes[index] = flip() ? 0 : 0xFF }
    }
  }

  private mutating func end(of place: Int, in bytes: [UInt8]) -> Int {
    min(bytes.count, place + 1 + small(rarely() ? 200 : 12))
  }

  /// Four bytes that say how long something is.
  private mutating func replaceLength(_ bytes: inout [UInt8], at place: Int) {
    let left = UInt32(truncatingIfNeeded: bytes.count - place)
    let lengths = [0, 1, left, left &- 4, left &+ 1, .max, .max >> 1, 1 << 31, UInt32(small(64)), UInt32(small(4096))]
    let length = lengths[small(UInt64(lengths.count))]
    for index in 0..<4 where place + index < bytes.count {
      bytes[place + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index))
    }
  }
}
