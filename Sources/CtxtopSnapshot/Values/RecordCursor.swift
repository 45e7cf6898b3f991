// Reads the parts that a record's payload is made of, and believes none: every length is compared with
// what is left, and every error says where in the payload it was found.

import CCtxtop

struct RecordCursor {
  private let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let end: Int
  /// A record's own strings: those of its workers are counted apart.
  private static let stringLimit = 1024
  /// The strings of the innermost block.
  var strings: [String] = []

  init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    position = 0
    end = bytes.count
  }

  /// A part of some bytes: `start...end` must lie in them.
  init(_ bytes: UnsafeRawBufferPointer, from start: Int, to end: Int, strings: [String] = []) {
    self.bytes = bytes
    position = start
    self.end = end
    self.strings = strings
  }

  /// The bytes that are left.
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[position..<end]) }

  var remaining: Int { end &- position }
  var malformed: RecordError { .malformed(offset: position) }

  /// A number; zero where the entity has ended, so that what an older writer left out takes its default.
  mutating func varint() throws(RecordError) -> UInt64 {
    if position == end { return 0 }
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < end {
      let byte = bytes[position]
      if shift == 63, byte > 1 { break }
      position &+= 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { return value }
      shift &+= 7
    }
    throw malformed
  }

  /// A number that can be an index or a size in memory.
  mutating func natural() throws(RecordError) -> Int {
    let value = try varint()
    guard value <= UInt64(UInt32.max) else { throw malformed }
    return Int(value)
  }

  mutating func integer() throws(RecordError) -> Int64 {
    let value = try varint()
    return Int64(bitPattern: value &>> 1) ^ (0 &- Int64(bitPattern: value & 1))
  }

  mutating func flag() throws(RecordError) -> Bool { try varint() & 1 == 1 }

  mutating func optionalInteger() throws(RecordError) -> Int? {
    guard try flag() else { return nil }
    return Int(try integer())
  }

  mutating func optionalNumber() throws(RecordError) -> UInt64? {
    guard try flag() else { return nil }
    return try varint()
  }

  /// An index of a table that is not in this record; nil where it cannot be one.
  mutating func index(below limit: Int = 1 << 20) throws(RecordError) -> Int? {
    guard let value = try optionalInteger(), value >= 0, value < limit else { return nil }
    return value
  }

  mutating func string() throws(RecordError) -> String { try optionalString() ?? "" }

  mutating func optionalString() throws(RecordError) -> String? {
    let number = try varint()
    if number == 0 { return nil }
    guard number <= UInt64(strings.count) else { throw malformed }
    return strings[Int(number) &- 1]
  }

  mutating func label() throws(RecordError) -> RequestLabel? {
    guard try flag() else { return nil }
    return RequestLabel(method: try string(), endpoint: try optionalString(), rule: try optionalString())
  }

  /// Goes on so many bytes later; they must be there.
  mutating func skip(_ count: Int) { position &+= min(count, remaining) }

  /// Whether the same bytes are left in both.
  func equals(_ other: RecordCursor) -> Bool {
    remaining == other.remaining && begins(with: other)
  }

  /// Whether what is left begins with what is left of another.
  func begins(with other: RecordCursor) -> Bool {
    guard other.remaining <= remaining else { return false }
    guard other.remaining > 0, let own = rest.baseAddress, let others = other.rest.baseAddress else { return true }
    return memcmp(own, others, other.remaining) == 0
  }

  /// The number of entities that follow, none of them shorter than `minimum` bytes.
  mutating func count(minimum: Int) throws(RecordError) -> Int {
    let count = try varint()
    guard count <= UInt64(remaining / max(minimum, 1)) else { throw malformed }
    return Int(count)
  }

  mutating func fixed() throws(RecordError) -> Int {
    guard remaining >= 4 else { throw malformed }
    let value = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
    position &+= 4
    return Int(value)
  }

  /// The entity that begins here; this cursor goes on behind it.
  mutating func entity() throws(RecordError) -> RecordCursor {
    let length = try fixed()
    guard length <= remaining else { throw malformed }
    let part = RecordCursor(bytes, from: position, to: position &+ length, strings: strings)
    position &+= length
    return part
  }

  /// The entity that begins here; an empty one where this one has ended already.
  mutating func entityOrNothing() throws(RecordError) -> RecordCursor {
    position == end ? RecordCursor(bytes, from: end, to: end, strings: strings) : try entity()
  }

  /// The entity that begins here, if one does.
  mutating func optionalEntity() throws(RecordError) -> RecordCursor? {
    try flag() ? try entity() : nil
  }

  /// Where the block that begins here is; this cursor goes on behind it.
  mutating func blockPlace() throws(RecordError) -> BlockPlace {
    let head = position
    let length = try fixed()
    let offset = try fixed()
    guard length <= remaining, offset <= length else { throw malformed }
    let body = position
    position &+= length
    return BlockPlace(head: head, body: body, table: body &+ offset, end: body &+ length)
  }

  /// The bytes of a block without its table.
  func body(_ place: BlockPlace, strings: [String]) -> RecordCursor {
    RecordCursor(bytes, from: place.body, to: place.table, strings: strings)
  }

  /// The bytes of a block's table.
  func table(_ place: BlockPlace) -> RecordCursor { RecordCursor(bytes, from: place.table, to: place.end) }

  /// The whole block.
  func whole(_ place: BlockPlace) -> RecordCursor { RecordCursor(bytes, from: place.head, to: place.end) }

  /// The block that begins here, its strings read; this cursor goes on behind it.
  mutating func block() throws(RecordError) -> RecordCursor {
    let place = try blockPlace()
    var table = table(place)
    let count = try table.count(minimum: 1)
    guard count <= Self.stringLimit else { throw table.malformed }
    return body(place, strings: try table.strings(count: count))
  }

  /// So many strings of a table, which begin here.
  mutating func strings(count: Int, behind known: [String] = []) throws(RecordError) -> [String] {
    var strings = known
    strings.reserveCapacity(known.count &+ count)
    for _ in 0..<count {
      let length = try self.count(minimum: 1)
      let text = UnsafeRawBufferPointer(rebasing: bytes[position..<(position &+ length)])
      strings.append(String(decoding: text, as: UTF8.self))
      position &+= length
    }
    return strings
  }
}

/// Where in a payload the parts of a block are.
struct BlockPlace {
  /// Its length and the offset of its table.
  var head: Int
  /// Its fields.
  var body: Int
  /// Its strings.
  var table: Int
  /// Behind it.
  var end: Int
}
