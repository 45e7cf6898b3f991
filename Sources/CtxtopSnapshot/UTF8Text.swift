// What is UTF-8 and what is not, by its definition (RFC 3629) and without the library's strings: those would be
// some kilobytes of the extension.

enum UTF8Text {
  /// How many bytes of a text are left without a last character that its end has cut in two.
  static func whole(_ bytes: UnsafeRawBufferPointer) -> Int {
    for back in 1..<4 where back <= bytes.count {
      let byte = bytes[bytes.count &- back]
      if byte & 0xC0 == 0x80 { continue }
      return byte >= 0xC2 && byte < 0xF5 && width(byte) > back ? bytes.count &- back : bytes.count
    }
    return bytes.count
  }

  /// Length of the character that begins at `start`; 0: none does. `room`: bytes that may be looked at, at least one.
  static func character(_ start: UnsafePointer<UInt8>, room: Int) -> Int {
    let first = start[0]
    if first < 0x80 { return 1 }
    let width = width(first)
    guard first >= 0xC2, first < 0xF5, width <= room else { return 0 }
    for index in 1..<width where start[index] & 0xC0 != 0x80 { return 0 }
    // Not written longer than need be, no half of a pair, not beyond the last: the second byte tells.
    let second = start[1]
    switch first {
    case 0xE0: return second < 0xA0 ? 0 : width
    case 0xED: return second < 0xA0 ? width : 0
    case 0xF0: return second < 0x90 ? 0 : width
    case 0xF4: return second < 0x90 ? width : 0
    default: return width
    }
  }

  private static func width(_ first: UInt8) -> Int { first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2 }
}
