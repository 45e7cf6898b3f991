// What need not be read again when the next record comes: most workers do the same as a second ago. A part is taken
// over where the bytes that it was read from are the same, and never for another reason; so a record means the same,
// or is refused in the same way, whatever came before it.

/// One worker's block in the record before, and what was read from it.
struct KnownWorker {
  /// Where in its payload the block is.
  var place: BlockPlace
  /// Where its units begin, from the beginning of the block.
  var units = 0
  /// The entities in it.
  var entities = 0
  /// Its strings.
  private(set) var strings: [String] = []
  /// What was read, without a pulse.
  var worker = Worker()
  /// Where the bytes of the strings are, from the beginning of the block.
  private var text = 0..<0

  /// A block of which nothing was read yet.
  init(place: BlockPlace) {
    self.place = place
  }

  /// Its units, in the payload that it was read from.
  func units(in payload: UnsafeRawBufferPointer) -> RecordCursor {
    RecordCursor(payload, from: place.head &+ units, to: place.table)
  }

  /// Reads the strings, if there are no more of them than `limit`. Returns whether all those of the block before are
  /// among them, under the same numbers.
  mutating func readStrings(
    _ table: inout RecordCursor, after earlier: KnownWorker?, in payload: UnsafeRawBufferPointer, limit: Int
  ) throws(RecordError) -> Bool {
    let count = try table.count(minimum: 1)
    guard count <= limit else { throw table.malformed }
    let start = table.position
    var isContinued = false
    if let earlier, earlier.strings.count <= count {
      let text = RecordCursor(
        payload, from: earlier.place.head &+ earlier.text.lowerBound, to: earlier.place.head &+ earlier.text.upperBound)
      isContinued = table.begins(with: text)
      if isContinued {
        table.skip(text.remaining)
        strings = earlier.strings
      }
    }
    if strings.count < count {
      strings = try table.strings(count: count &- strings.count, behind: strings)
    }
    text = (start &- place.head)..<(table.position &- place.head)
    return isContinued
  }
}
