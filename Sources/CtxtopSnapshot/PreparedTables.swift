// Tables of RecordSchema in the form that is quick to print by: the text of one is looked through once a document, when
// it is first asked for, rather than for each of a thousand entities.
//
// A line becomes a letter, a length, and the place of its words in the text, in four bytes; then, in as many bytes
// as the length says and up to seven more, its key as JSON has it: `,"key":`. Of lines that are not printed only the
// first is there, and its length is how many they are. A zero ends a table.

struct PreparedTables: ~Copyable {
  private var out = ByteSink(capacity: 4096)
  /// Where each begins; 0 if it was not asked for.
  private var beginnings: InlineArray<32, Int> = InlineArray(repeating: 0)

  init() { out.fixed(UInt32(0)) }

  /// The first line of a table. What it counts from moves when another table is prepared.
  @inline(__always)
  mutating func beginning(of table: RecordTable) -> Int {
    let known = beginnings[table.number]
    return known == 0 ? prepare(table) : known
  }

  @inline(__always)
  func line(at offset: Int) -> UnsafeRawPointer { out.place(offset) }

  @inline(never)
  private mutating func prepare(_ table: RecordTable) -> Int {
    let beginning = out.count
    beginnings[table.number] = beginning
    let text = table.text.utf8Start
    let end = text + table.text.utf8CodeUnitCount
    var place = text
    while place < end {
      let kind = place.pointee
      if place[1] == UInt8(ascii: "\n") {
        var lines = 0
        repeat {
          lines &+= 1
          place += 2
        } while kind == UInt8(ascii: "-") && place < end && place.pointee == kind
        line(kind, lines, words: 0)
        continue
      }
      let key = place + 2
      place = key
      while place.pointee > UInt8(ascii: " ") { place += 1 }
      line(kind, place - key &+ 4, words: place - text)
      self.key(key, place - key)
      while place.pointee != UInt8(ascii: "\n") { place += 1 }
      place += 1
    }
    out.fixed(UInt32(0))
    // Whoever copies the last key eight bytes at a time reads on behind it.
    out.reserve(8)
    return beginning
  }

  private mutating func line(_ kind: UInt8, _ length: Int, words: Int) {
    out.fixed(UInt32(kind) | UInt32(truncatingIfNeeded: length) &<< 8 | UInt32(truncatingIfNeeded: words) &<< 16)
  }

  private mutating func key(_ name: UnsafePointer<UInt8>, _ length: Int) {
    out.key(name, length, afterComma: true)
    // Filled up to eight.
    for _ in 0..<(0 &- (length &+ 4)) & 7 { out.byte(0) }
  }
}
