// Reads the parts of a record that this program has written itself, to print them. Other records are read by
// RecordCursor, which says what is wrong with them; this one stays within its bytes, and reads zeros behind them.

struct FieldCursor {
  private var place: UnsafePointer<UInt8>
  private let end: UnsafePointer<UInt8>

  init(_ place: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) {
    self.place = place
    self.end = end
  }

  /// A number; zero where the entity has ended. Most have one byte, and most of the others seven.
  @inline(__always)
  mutating func varint() -> UInt64 {
    guard place < end else { return 0 }
    let value = UInt64(place.pointee)
    if value >= 0x80 { return longVarint() }
    place += 1
    return value
  }

  @_optimize(speed)
  @inline(never)
  private mutating func longVarint() -> UInt64 {
    if let word {
      let lasts = ~word & Self.tops
      if lasts != 0 {
        // All bits up to the last byte's top one.
        let bits = word & (lasts ^ (lasts &- 1))
        place += lasts.trailingZeroBitCount &>> 3 &+ 1
        return Self.joined(bits)
      }
    }
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while place < end {
      let byte = place.pointee
      place += 1
      value |= UInt64(byte & 0x7F) &<< shift
      if byte < 0x80 { break }
      shift &+= 7
    }
    return value
  }

  private static var tops: UInt64 { 0x8080_8080_8080_8080 }

  /// The next eight bytes, the first one lowest; nil if there are fewer.
  @inline(__always)
  private var word: UInt64? {
    if end - place < 8 { return nil }
    return UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
  }

  /// Eight times seven bits as one number: pairs of neighbours are joined, three times.
  @inline(__always)
  private static func joined(_ bytes: UInt64) -> UInt64 {
    var value = bytes & 0x007F_007F_007F_007F | (bytes & 0x7F00_7F00_7F00_7F00) &>> 1
    value = value & 0x0000_3FFF_0000_3FFF | (value & 0x3FFF_0000_3FFF_0000) &>> 2
    return value & 0x0FFF_FFFF | (value & 0x0FFF_FFFF_0000_0000) &>> 4
  }

  var isAtEnd: Bool { place == end }

  /// All that is left.
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: place, count: end - place) }

  /// Passes over numbers: each ends with a byte whose top bit is not set.
  @_optimize(speed)
  @inline(never)
  mutating func skip(_ fields: Int) {
    var left = fields
    while left > 0, let word {
      var lasts = ~word & Self.tops
      // The sum of eight bytes that are 0 or 1.
      let count = Int(truncatingIfNeeded: ((lasts &>> 7) &* 0x0101_0101_0101_0101) &>> 56)
      if count < left {
        left &-= count
        place += 8
        continue
      }
      while left > 1 {
        lasts &= lasts &- 1
        left &-= 1
      }
      place += lasts.trailingZeroBitCount &>> 3 &+ 1
      return
    }
    while left > 0, place < end {
      if place.pointee < 0x80 { left &-= 1 }
      place += 1
    }
  }

  @inline(never)
  mutating func skipOptional() {
    if varint() != 0 { _ = varint() }
  }

  /// An index, as an optional with a sign; nil where there is none.
  mutating func index() -> Int? {
    if varint() == 0 { return nil }
    let value = varint()
    return value & 1 == 0 ? Int(truncatingIfNeeded: value &>> 1) : nil
  }

  /// The four bytes of a length.
  @inline(never)
  mutating func fixed() -> Int {
    guard end - place >= 4 else {
      place = end
      return 0
    }
    let value = UnsafeRawPointer(place).loadUnaligned(as: UInt32.self)
    place += 4
    return min(Int(UInt32(littleEndian: value)), end - place)
  }

  /// The next `length` bytes; this cursor goes on behind them.
  @inline(never)
  mutating func part(_ length: Int) -> FieldCursor {
    let start = place
    place += min(max(length, 0), end - place)
    return FieldCursor(start, place)
  }

  /// The entity that begins here; this cursor goes on behind it.
  @inline(never)
  mutating func entity() -> FieldCursor { part(fixed()) }

  /// The list that begins here; this cursor goes on behind it.
  @_optimize(speed)
  @inline(never)
  mutating func list() -> FieldList {
    let list = FieldList(count: Int(truncatingIfNeeded: varint()), entities: self)
    var left = list.count
    while left > 0, place < end {
      _ = entity()
      left &-= 1
    }
    return list
  }
}

/// Entities that follow each other.
struct FieldList {
  var count = 0
  var entities: FieldCursor

  /// The entity at a place; an empty one where there is none.
  func entity(_ index: Int) -> FieldCursor {
    var rest = entities
    for _ in 0..<index { _ = rest.entity() }
    return index < count ? rest.entity() : rest.part(0)
  }
}

/// What must be known of a unit beyond what is printed in one go.
struct UnitFields {
  let id: UInt64
  let appDepth: UInt64
  let requestDepth: UInt64
  /// Begins with the request.
  var rest: FieldCursor

  init(_ unit: FieldCursor) {
    rest = unit
    id = rest.varint()
    rest.skip(5)
    appDepth = rest.varint()
    requestDepth = rest.varint()
    rest.skip(3)
  }
}

/// What is said of a session from the request that inherited it on.
struct HeirFields {
  let isThere: Bool
  let hasEnded: Bool

  /// Begins with the heir's label.
  init(_ session: FieldCursor) {
    var rest = session
    if rest.varint() != 0 { rest.skip(3) }
    isThere = rest.varint() != 0
    hasEnded = rest.varint() != 0
  }
}

/// Where the parts of a worker lie: its block, and behind it its pulse.
struct WorkerFields {
  /// All but the pulse.
  let block: UnsafeRawBufferPointer
  var strings: FieldCursor
  var identity: FieldCursor
  var server: FieldCursor
  var runtime: FieldCursor
  /// Begins with the last event.
  var lastEvent: FieldCursor
  var counters: FieldCursor
  var latency: FieldCursor
  var unstable: UInt64
  var units: FieldList
  var connections: FieldList
  var engines: FieldList
  var failures: FieldList
  var sessions: FieldList
  var resources: FieldList
  var vanished: FieldList
  var hazards: FieldList
  var pulse: FieldCursor

  /// The worker that begins here; the cursor goes on behind it.
  @inline(never)
  init(_ cursor: inout FieldCursor) {
    let length = cursor.fixed()
    let offset = cursor.fixed()
    var block = cursor.part(length)
    self.block = block.rest
    var body = block.part(offset)
    strings = block
    identity = body
    body.skip(3)
    body.skipOptional()
    body.skip(3)
    server = body.entity()
    runtime = body.entity()
    lastEvent = body
    body.skipOptional()
    counters = body.entity()
    latency = body.entity()
    unstable = body.varint()
    units = body.list()
    connections = body.list()
    engines = body.list()
    failures = body.list()
    sessions = body.list()
    resources = body.list()
    vanished = body.list()
    hazards = body.list()
    pulse = cursor.entity()
  }

  /// Whether the worker is there, as far as anybody can tell.
  var isPresent: Bool {
    var pulse = pulse
    return Liveness(rawValue: UInt8(truncatingIfNeeded: pulse.varint()))?.isPresent ?? true
  }
}
