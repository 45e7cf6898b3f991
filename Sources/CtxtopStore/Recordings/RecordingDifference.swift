// A record as what it says otherwise than the record before it.
//
// Most of what changes in a record are times, to the nanosecond: seven bytes each, in which a general compressor sees
// one that it has not seen and then another. So the bytes are read as varints, whatever they are: a byte below 128 is
// itself, longer ones are words. A word is named by what it was in the record before, or by how much it grew; a time
// shortly before the snapshot by how long before. Three streams come of it, for the compressor: the bytes below 128,
// with 0x80 for each word, which hardly ever change; the marks of the words; and the details of the marks, of which
// most are as good as random.
//
// Nothing is assumed of the bytes but that it pays: every array of bytes comes back as it was.
//
//   mark  0  the word at the cursor                        1  that, and so much more         detail: 1 byte
//         2  so long before the snapshot   4 bytes         3  that, and so much more         2 bytes
//         4  that, and so much more        4 bytes         5  any other                      its length, its bytes
//        16...31  the 1st to 16th word back in this record
//        32...63  the word at the cursor, and 1...32 more
//        64...127 the 1st to 64th behind the cursor       128...191  the 1st to 64th before it
//
// The cursor goes through the words of the record before: behind the word that was named, else one further.

/// One to eight bytes of which all but the last are 128 or more; eight such bytes are a word as well.
private struct Word: Equatable {
  var bits: UInt64
  var length: Int

  /// The number that a varint of these bytes is; nil: it is none, or longer than it needs to be.
  var number: UInt64? {
    let last = bits >> UInt64(8 * (length - 1))
    guard last > 0 && last < 128 else { return nil }
    var number: UInt64 = 0
    for index in 0..<length { number |= ((bits >> UInt64(8 * index)) & 127) << UInt64(7 * index) }
    return number
  }

  /// The varint of a number, where it is a word: of more than one byte, and no more than eight.
  init?(number: UInt64) {
    guard number > 127 && number < 1 << 56 else { return nil }
    bits = 0
    length = 0
    var rest = number
    repeat {
      let more: UInt64 = rest > 127 ? 128 : 0
      bits |= ((rest & 127) | more) << UInt64(8 * length)
      length += 1
      rest >>= 7
    } while rest > 0
  }

  init(bits: UInt64, length: Int) {
    self.bits = bits
    self.length = length
  }
}

/// Turns the records of a group into streams, and back. One value goes one way.
struct RecordingDifference {
  /// What comes of a record.
  struct Streams {
    var bytes: [UInt8] = []
    var marks: [UInt8] = []
    var details: [UInt8] = []
  }

  private static let word: UInt8 = 0x80
  /// So many words of a record are remembered: some megabytes of it. A word can be one byte of a record, and less than
  /// a bit of a file.
  private static let wordLimit = 1 << 21
  private enum Mark {
    static let same: UInt8 = 0
    static let more: UInt8 = 1
    static let age: UInt8 = 2
    static let muchMore: UInt8 = 3
    static let farMore: UInt8 = 4
    static let other: UInt8 = 5
    static let back: UInt8 = 16
    static let few: UInt8 = 32
    static let ahead: UInt8 = 64
    static let behind: UInt8 = 128
    static let end: UInt8 = 192
  }

  private var before: [Word] = []
  private var words: [Word] = []
  private var cursor = 0

  /// Bytes, marks and details of a record of so many bytes are together not more.
  static func limit(of length: Int) -> Int { 2 * length + 16 }

  /// Begins with the next record.
  private mutating func turn() {
    swap(&before, &words)
    words.removeAll(keepingCapacity: true)
    cursor = 0
  }

  private mutating func remember(_ word: Word) {
    if words.count < Self.wordLimit { words.append(word) }
    cursor += 1
  }

  // MARK: - To streams

  /// The streams of the next record, whose snapshot was taken at a monotonic time.
  mutating func encode(_ record: [UInt8], at time: UInt64) -> Streams {
    turn()
    var streams = Streams()
    streams.bytes.reserveCapacity(record.count)
    record.withUnsafeBytes { bytes in
      var place = 0
      while place < bytes.count {
        if bytes[place] < 128 {
          streams.bytes.append(bytes[place])
          place += 1
          continue
        }
        var word = Word(bits: 0, length: 0)
        repeat {
          word.bits |= UInt64(bytes[place]) << UInt64(8 * word.length)
          word.length += 1
          place += 1
        } while bytes[place - 1] >= 128 && word.length < 8 && place < bytes.count
        streams.bytes.append(Self.word)
        streams.marks.append(mark(word, at: time, &streams.details))
        remember(word)
      }
    }
    return streams
  }

  /// How a word is named. Moves the cursor to the word that was named, if it is one of the record before.
  private mutating func mark(_ word: Word, at time: UInt64, _ details: inout [UInt8]) -> UInt8 {
    let expected = cursor < before.count ? before[cursor] : nil
    if expected == word { return Mark.same }
    let number = word.number
    let growth = Self.growth(from: expected, to: number)
    // Long words are hardly twice the same by chance, short ones are.
    if word.length < 5, let growth, let mark = Self.mark(growth: growth, &details) { return mark }
    if let place = place(of: word) { return place }
    if let growth, growth <= 32 { return Mark.few + UInt8(growth - 1) }
    if let number, number <= time, time - number <= UInt64(UInt32.max), word.length > 4 {
      details.append(number: UInt32(time - number))
      return Mark.age
    }
    if let growth, let mark = Self.mark(growth: growth, &details) { return mark }
    details.append(UInt8(word.length))
    for index in 0..<word.length { details.append(UInt8(truncatingIfNeeded: word.bits >> UInt64(8 * index))) }
    return Mark.other
  }

  private static func growth(from expected: Word?, to number: UInt64?) -> UInt64? {
    guard let number, let old = expected?.number, number > old else { return nil }
    return number - old
  }

  private static func mark(growth: UInt64, _ details: inout [UInt8]) -> UInt8? {
    if growth <= 32 { return Mark.few + UInt8(growth - 1) }
    if let growth = UInt8(exactly: growth) {
      details.append(growth)
      return Mark.more
    }
    if let growth = UInt16(exactly: growth) {
      details.append(number: growth)
      return Mark.muchMore
    }
    guard let growth = UInt32(exactly: growth) else { return nil }
    details.append(number: growth)
    return Mark.farMore
  }

  private mutating func place(of word: Word) -> UInt8? {
    for step in 0..<min(16, words.count) where words[words.count - 1 - step] == word { return Mark.back + UInt8(step) }
    for step in 0..<max(0, min(64, before.count - cursor - 1)) where before[cursor + 1 + step] == word {
      cursor += 1 + step
      return Mark.ahead + UInt8(step)
    }
    for step in 0..<min(64, cursor) where cursor - 1 - step < before.count && before[cursor - 1 - step] == word {
      cursor -= 1 + step
      return Mark.behind + UInt8(step)
    }
    return nil
  }

  // MARK: - And back

  /// The record of so many bytes that the streams came of; nil: there is none.
  mutating func decode(
    bytes: UnsafeRawBufferPointer, marks: UnsafeRawBufferPointer, details: UnsafeRawBufferPointer, length: Int,
    at time: UInt64
  ) -> [UInt8]? {
    turn()
    var marks = ByteReader(marks)
    var details = ByteReader(details)
    var isWhole = true
    let record = [UInt8](unsafeUninitializedCapacity: length) { record, count in
      for byte in bytes {
        if byte < 128 {
          guard count < length else { return isWhole = false }
          record[count] = byte
          count += 1
          continue
        }
        guard let mark = marks.take(UInt8.self), let word = word(mark, at: time, &details),
          count + word.length <= length
        else { return isWhole = false }
        remember(word)
        for index in 0..<word.length {
          record[count + index] = UInt8(truncatingIfNeeded: word.bits >> UInt64(8 * index))
        }
        count += word.length
      }
    }
    return isWhole && record.count == length && marks.isAtEnd && details.isAtEnd ? record : nil
  }

  /// What a mark names. Moves the cursor as `mark` does.
  private mutating func word(_ mark: UInt8, at time: UInt64, _ details: inout ByteReader) -> Word? {
    switch mark {
    case Mark.same: return cursor < before.count ? before[cursor] : nil
    case Mark.more: return details.take(UInt8.self).flatMap { grown(by: UInt64($0)) }
    case Mark.muchMore: return details.take(UInt16.self).flatMap { grown(by: UInt64($0)) }
    case Mark.farMore: return details.take(UInt32.self).flatMap { grown(by: UInt64($0)) }
    case Mark.age:
      guard let age = details.take(UInt32.self), time >= UInt64(age) else { return nil }
      return Word(number: time - UInt64(age))
    case Mark.other:
      guard let length = details.take(UInt8.self), (1...8).contains(length) else { return nil }
      var word = Word(bits: 0, length: Int(length))
      for index in 0..<word.length {
        guard let byte = details.take(UInt8.self) else { return nil }
        word.bits |= UInt64(byte) << UInt64(8 * index)
      }
      return word
    case Mark.back..<Mark.few:
      let index = words.count - 1 - Int(mark - Mark.back)
      return index >= 0 ? words[index] : nil
    case Mark.few..<Mark.ahead: return grown(by: UInt64(mark - Mark.few) + 1)
    case Mark.ahead..<Mark.behind: return move(to: cursor + 1 + Int(mark - Mark.ahead))
    case Mark.behind..<Mark.end: return move(to: cursor - 1 - Int(mark - Mark.behind))
    default: return nil
    }
  }

  private func grown(by growth: UInt64) -> Word? {
    guard cursor < before.count, let old = before[cursor].number else { return nil }
    return Word(number: old + growth)
  }

  private mutating func move(to index: Int) -> Word? {
    guard before.indices.contains(index) else { return nil }
    cursor = index
    return before[index]
  }
}

/// Bytes that are taken one after the other.
private struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private var place = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  /// The next number; nil: there are not enough bytes.
  mutating func take<Number: FixedWidthInteger>(_ type: Number.Type) -> Number? {
    guard bytes.count - place >= MemoryLayout<Number>.size else { return nil }
    defer { place += MemoryLayout<Number>.size }
    return bytes.number(at: place, as: type)
  }
}
