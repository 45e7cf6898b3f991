// Prints an entity of a record as members of a JSON object, by its table (RecordSchema).

struct FieldPrinter: ~Copyable {
  var json: JSONWriter
  let wallTime: UInt64
  let monotonicTime: UInt64
  /// The strings of the block in use, and of each the distance from their beginning and its length in four bytes each.
  private var strings = UnsafeRawPointer(RecordSchema.names.text.utf8Start)
  private var places = ByteSink(capacity: 1024)

  private var tables = PreparedTables()
  /// Of the worker that is being printed: where its text begins, and what of it is other at another time.
  var workerStart = 0
  var moments = ByteSink(capacity: 256)

  init(record: UnsafeRawBufferPointer) {
    json = JSONWriter(capacity: 1024 &+ record.count &* 4)
    let isWhole = record.count >= RecordHeader.byteCount
    wallTime = isWhole ? UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) : 0
    monotonicTime = isWhole ? UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 24, as: UInt64.self)) : 0
  }

  /// The strings of a block, which those of the entities to come are numbers of.
  @inline(never)
  mutating func use(strings table: FieldCursor) {
    var table = table
    places.rewind(to: 0)
    guard let start = table.rest.baseAddress else { return }
    strings = start
    for _ in 0..<table.varint() {
      let text = table.part(Int(truncatingIfNeeded: table.varint())).rest
      let distance = UInt32(truncatingIfNeeded: text.baseAddress.map { $0 - start } ?? 0)
      places.fixed(UInt64(distance) | UInt64(truncatingIfNeeded: text.count) &<< 32)
    }
  }

  /// An object of an entity's members.
  mutating func object(_ name: StaticString, _ schema: RecordTable, _ entity: inout FieldCursor) {
    json.openObject(name)
    print(schema, &entity)
    json.closeObject()
  }

  /// Prints the members that an entity has, and leaves the cursor behind the last field of the table.
  @_optimize(speed)
  @inline(never)
  mutating func print(_ schema: RecordTable, _ entity: inout FieldCursor) {
    var offset = tables.beginning(of: schema)
    while true {
      let place = tables.line(at: offset)
      let line = place.loadUnaligned(as: UInt32.self)
      let kind = UInt8(truncatingIfNeeded: line)
      let length = Int(truncatingIfNeeded: line &>> 8 & 0xFF)
      offset &+= 4
      switch kind {
      case 0: return
      case UInt8(ascii: "-"):
        entity.skip(length)
        continue
      case UInt8(ascii: "?"):
        entity.skipOptional()
        continue
      case UInt8(ascii: "l"):
        label(&entity)
        continue
      case UInt8(ascii: "}"):
        json.closeObject()
        continue
      default: break
      }
      json.key(prepared: place + 4, length)
      offset &+= (length &+ 7) & ~7
      if kind == UInt8(ascii: "n") {
        json.value(entity.varint())
      } else if kind == UInt8(ascii: "h") {
        holder(&entity)
      } else if kind == UInt8(ascii: "{") {
        json.openObject()
      } else if Self.isOptional(kind), entity.varint() == 0 {
        json.null()
      } else {
        value(kind, entity.varint(), words: schema.text.utf8Start + Int(truncatingIfNeeded: line &>> 16))
      }
    }
  }

  @inline(__always)
  private static func isOptional(_ kind: UInt8) -> Bool {
    kind == UInt8(ascii: "o") || kind == UInt8(ascii: "u") || kind == UInt8(ascii: "A")
  }

  @inline(__always)
  private mutating func value(_ kind: UInt8, _ value: UInt64, words: UnsafePointer<UInt8>) {
    switch kind {
    case UInt8(ascii: "s"), UInt8(ascii: "S"): text(value, isKnown: kind == UInt8(ascii: "s"))
    case UInt8(ascii: "m"): string(at: value)
    case UInt8(ascii: "i"), UInt8(ascii: "o"):
      json.number(Int(truncatingIfNeeded: value &>> 1) ^ (0 &- Int(truncatingIfNeeded: value & 1)))
    case UInt8(ascii: "z"): json.number(value == 0 ? nil : value)
    case UInt8(ascii: "a"), UInt8(ascii: "A"):
      let start = json.count
      json.milliseconds(age(value))
      moment(from: start, time: value)
    case UInt8(ascii: "b"): json.bool(value & 1 != 0)
    case UInt8(ascii: "t"): json.time(value)
    case UInt8(ascii: "e"): word(value, of: words)
    case UInt8(ascii: "c"): character(value)
    default: json.number(value)
    }
  }

  func age(_ time: UInt64) -> UInt64 { monotonicTime > time ? monotonicTime &- time : 0 }

  private mutating func text(_ number: UInt64, isKnown: Bool) {
    if number == 0 || isKnown && string(number).count == 0 { json.null() } else { string(at: number) }
  }

  private mutating func character(_ value: UInt64) {
    guard value >= 0x20, value < 0x7F else { return json.null() }
    var byte = UInt8(truncatingIfNeeded: value)
    withUnsafeBytes(of: &byte) { json.string($0) }
  }

  /// A string of the block in use.
  @_optimize(speed)
  @inline(never)
  mutating func string(at number: UInt64) { json.string(string(number)) }

  private func string(_ number: UInt64) -> UnsafeRawBufferPointer {
    let index = Int(truncatingIfNeeded: number) &- 1
    guard index >= 0, index < places.count / 8 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return places.withBytes { places in
      let place = UInt64(littleEndian: places.load(fromByteOffset: index &* 8, as: UInt64.self))
      let distance = Int(truncatingIfNeeded: place & 0xFFFF_FFFF)
      return UnsafeRawBufferPointer(start: strings + distance, count: Int(truncatingIfNeeded: place &>> 32))
    }
  }

  /// The word for a case: each has a space before it.
  @_optimize(speed)
  private mutating func word(_ value: UInt64, of words: UnsafePointer<UInt8>) {
    var place = words
    var rest = value
    while place.pointee == UInt8(ascii: " ") {
      place += 1
      let start = place
      while place.pointee > UInt8(ascii: " ") { place += 1 }
      if rest == 0, start.pointee != UInt8(ascii: "-") {
        return json.word(UnsafeRawBufferPointer(start: start, count: place - start))
      }
      if rest == 0 { break }
      rest &-= 1
    }
    json.null()
  }

  /// Three members for a label, which lies in its entity without a length.
  @inline(never)
  private mutating func label(_ entity: inout FieldCursor) {
    if entity.varint() != 0 { return print(RecordSchema.label, &entity) }
    var nothing = entity.part(0)
    print(RecordSchema.label, &nothing)
  }

  @inline(never)
  private mutating func holder(_ entity: inout FieldCursor) {
    if entity.varint() == 0 { return json.null() }
    var holder = entity.entity()
    json.openObject()
    print(RecordSchema.holder, &holder)
    json.closeObject()
  }
}
