// Which text JSON holds as it is: found out for eight bytes at a time, since hardly any of ours needs an escape.

enum PlainText {
  /// Whether no byte of a text needs a closer look. What is left behind the last eight bytes is looked at together
  /// with some before it.
  @inline(__always)
  static func isPlain(_ text: UnsafeRawBufferPointer) -> Bool {
    guard let start = text.baseAddress else { return true }
    let count = text.count
    if count < 8 { return isPlain(short(start, count)) }
    var index = 0
    while index &+ 8 < count {
      if !isPlain(start.loadUnaligned(fromByteOffset: index, as: UInt64.self)) { return false }
      index &+= 8
    }
    return isPlain(start.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self))
  }

  /// Each of less than eight bytes at least once, among spaces.
  @inline(__always)
  private static func short(_ start: UnsafeRawPointer, _ count: Int) -> UInt64 {
    if count >= 4 {
      let last = UInt64(start.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      return UInt64(start.loadUnaligned(as: UInt32.self)) | last &<< 32
    }
    if count == 0 { return 0x2020_2020_2020_2020 }
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    return 0x2020_2020_2000_0000 | UInt64(bytes[0]) | UInt64(bytes[count &>> 1]) &<< 8
      | UInt64(bytes[count &- 1]) &<< 16
  }

  /// Whether none of eight bytes needs a closer look: all are ASCII from the space on, and none is a quote,
  /// a backslash or DEL. Subtracting 1 from a byte that is 0 borrows into its top bit.
  @inline(__always)
  static func isPlain(_ word: UInt64) -> Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    let quote = word ^ (ones &* 0x22)
    let backslash = word ^ (ones &* 0x5C)
    let delete = word ^ (ones &* 0x7F)
    let control = (word &- ones &* 0x20) & ~word
    let equal = ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | ((delete &- ones) & ~delete)
    return (word | control | equal) & tops == 0
  }
}
