// A growing run of bytes, written from front to back: what the record and the JSON encoder write into.
// One allocation that doubles; no check per byte beyond that of the room.

import CCtxtop

package struct ByteSink: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int) {
    self.capacity = max(capacity, 64)
    base = .allocate(capacity: self.capacity)
  }

  deinit { if capacity > 0 { base.deallocate() } }

  /// What was written; valid within the closure only.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: base, count: count))
  }

  package func array() -> [UInt8] { withBytes { [UInt8]($0) } }

  /// Hands over what was written, without copying it: the last thing that is asked of a sink.
  package mutating func handOver() -> Bytes {
    capacity = 0
    return Bytes(base, count)
  }

  /// What was written, as text; bytes that are not UTF-8 are repaired.
  package func string() -> String { withBytes { String.repairing($0) } }

  /// Makes room for `more` bytes.
  @inline(__always)
  mutating func reserve(_ more: Int) {
    if count &+ more > capacity { grow(more) }
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    capacity = max(capacity &* 2, count &+ more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    memcpy(larger, base, count)
    base.deallocate()
    base = larger
  }

  /// Forgets everything after the first `length` bytes.
  package mutating func rewind(to length: Int) { count = min(count, max(length, 0)) }

  @inline(__always)
  mutating func byte(_ value: UInt8) {
    reserve(1)
    base[count] = value
    count &+= 1
  }

  @inline(never)
  package mutating func bytes(_ source: UnsafeRawBufferPointer) {
    guard let start = source.baseAddress, source.count > 0 else { return }
    reserve(source.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: start, byteCount: source.count)
    count &+= source.count
  }

  @inline(never)
  package mutating func text(_ literal: StaticString) {
    bytes(UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// A member's name in JSON, which needs no escapes, with its quotes and its colon.
  @inline(__always)
  mutating func key(_ name: UnsafePointer<UInt8>, _ length: Int, afterComma: Bool) {
    reserve(length &+ 4)
    var place = base + count
    if afterComma {
      place.pointee = UInt8(ascii: ",")
      place += 1
    }
    place.pointee = UInt8(ascii: "\"")
    memcpy(place + 1, name, length)
    place += length &+ 1
    place.pointee = UInt8(ascii: "\"")
    place[1] = UInt8(ascii: ":")
    count = place - base &+ 2
  }

  /// Less than 64 bytes, eight at a time: up to seven behind them are read as well.
  @inline(__always)
  mutating func words(_ source: UnsafeRawPointer, _ length: Int) {
    reserve(72)
    let place = UnsafeMutableRawPointer(base + count)
    var index = 0
    repeat {
      let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      place.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
      index &+= 8
    } while index < length
    count &+= length
  }

  /// Text that needs no escapes, in quotes.
  @inline(__always)
  mutating func quoted(_ text: UnsafeRawBufferPointer, afterComma: Bool) {
    reserve(text.count &+ 3)
    var place = base + count
    if afterComma {
      place.pointee = UInt8(ascii: ",")
      place += 1
    }
    place.pointee = UInt8(ascii: "\"")
    place += 1
    if let start = text.baseAddress { memcpy(place, start, text.count) }
    place += text.count
    place.pointee = UInt8(ascii: "\"")
    count = place - base &+ 1
  }

  /// A word of at most eight ASCII characters, the first one lowest.
  @inline(__always)
  mutating func word(_ characters: UInt64, _ length: Int) {
    reserve(8)
    UnsafeMutableRawPointer(base + count).storeBytes(of: characters.littleEndian, as: UInt64.self)
    count &+= length
  }

  /// Seven bits a byte, low ones first, the top bit set on all but the last byte.
  @inline(never)
  package mutating func varint(_ value: UInt64) {
    reserve(10)
    var rest = value
    while rest >= 0x80 {
      base[count] = UInt8(truncatingIfNeeded: rest) | 0x80
      count &+= 1
      rest &>>= 7
    }
    base[count] = UInt8(truncatingIfNeeded: rest)
    count &+= 1
  }

  /// A number in decimal. For speed: else each digit costs a division. Two digits at a time, from the last one back,
  /// some way ahead in the free room; then as many bytes as could be digits are moved to where they belong.
  @_optimize(speed)
  @inline(never)
  package mutating func decimal(_ value: UInt64) {
    reserve(64)
    if value < 10 {
      base[count] = UInt8(truncatingIfNeeded: 48 &+ value)
      count &+= 1
      return
    }
    let place = UnsafeMutableRawPointer(base + count)
    var start = 32
    var rest = value
    while rest >= 10 {
      let more = rest / 100
      let pair = UInt16(truncatingIfNeeded: rest &- more &* 100)
      let ten = pair / 10
      start &-= 2
      let digits = 0x3030 &+ ten &+ (pair &- ten &* 10) &<< 8
      place.storeBytes(of: digits.littleEndian, toByteOffset: start, as: UInt16.self)
      rest = more
    }
    if rest > 0 {
      start &-= 1
      place.storeBytes(of: UInt8(truncatingIfNeeded: 48 &+ rest), toByteOffset: start, as: UInt8.self)
    }
    let first = place.loadUnaligned(fromByteOffset: start, as: UInt64.self)
    let second = place.loadUnaligned(fromByteOffset: start &+ 8, as: UInt64.self)
    let third = place.loadUnaligned(fromByteOffset: start &+ 16, as: UInt32.self)
    place.storeBytes(of: first, as: UInt64.self)
    place.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
    place.storeBytes(of: third, toByteOffset: 16, as: UInt32.self)
    count &+= 32 &- start
  }

  /// A number of a fixed width, little-endian.
  @inline(never)
  mutating func fixed<Number: FixedWidthInteger>(_ value: Number) {
    let width = MemoryLayout<Number>.size
    reserve(width)
    UnsafeMutableRawPointer(base + count).storeBytes(of: value.littleEndian, as: Number.self)
    count &+= width
  }

  /// Makes the next bytes part of what was written, to be `put`; where they end.
  @inline(__always)
  mutating func extend(_ more: Int) -> Int {
    reserve(more)
    count &+= more
    return count
  }

  /// What was written from an offset on, until more is.
  @inline(__always)
  func place(_ offset: Int) -> UnsafeRawPointer { UnsafeRawPointer(base + offset) }

  /// Replaces a byte that was written.
  @inline(__always)
  mutating func put(_ value: UInt8, at offset: Int) { base[offset] = value }

  /// Replaces each byte from `start` on that is not part of a character in UTF-8.
  mutating func repair(from start: Int) {
    var index = start
    while index < count {
      let length = UTF8Text.character(base + index, room: count &- index)
      if length == 0 { base[index] = UInt8(ascii: "?") }
      index &+= max(length, 1)
    }
  }

  /// Replaces what `fixed` wrote at `offset`.
  mutating func replace(at offset: Int, with value: UInt32) {
    guard offset >= 0, offset &+ 4 <= count else { return }
    UnsafeMutableRawPointer(base + offset).storeBytes(of: value.littleEndian, as: UInt32.self)
  }
}

/// Bytes that are written no more and shared by whoever sends them. (Copying them into an array would take a second
/// megabyte; memory in such pieces goes back to the kernel and comes again, page by page, with each answer.)
package final class Bytes {
  private let base: UnsafeMutablePointer<UInt8>
  package let count: Int

  fileprivate init(_ base: UnsafeMutablePointer<UInt8>, _ count: Int) {
    self.base = base
    self.count = count
  }

  /// A copy.
  package init(_ bytes: UnsafeRawBufferPointer) {
    base = .allocate(capacity: max(bytes.count, 1))
    count = bytes.count
    if let start = bytes.baseAddress { memcpy(base, start, count) }
  }

  deinit { base.deallocate() }

  /// The bytes from an offset on; valid within the closure only.
  package func withBytes<Result>(from start: Int = 0, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: base + start, count: count - start))
  }
}
