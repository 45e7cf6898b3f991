// Text from anywhere becomes UTF-8. The judge of what is UTF-8 is the standard library.

import CtxtopRandomKit
import Testing

@testable import CtxtopSnapshot

@Suite("UTF-8")
struct UTF8TextTests {
  @Test("What is UTF-8 stays as it is")
  func valid() {
    for text in ["", "plain", "é€😀", "\u{7F}\u{80}\u{7FF}\u{800}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{10FFFF}", "a\0b"] {
      #expect(repaired(Array(text.utf8)) == Array(text.utf8))
    }
  }

  @Test("A character that the end has cut in two is left out")
  func cut() {
    for character in ["é", "€", "😀"] {
      let bytes = Array("xy\(character)".utf8)
      for length in 2..<bytes.count { #expect(repaired(Array(bytes[..<length])) == Array("xy".utf8)) }
    }
  }

  @Test("Of any bytes, those that belong to no character become question marks")
  func invalid() {
    #expect(repaired([0xff, 0, 0xfe]) == Array("?\0?".utf8))
    #expect(repaired([0xC0, 0x80, 0x41]) == Array("??A".utf8))
    #expect(repaired([0xED, 0xA0, 0x80, 0x41]) == Array("???A".utf8))
    #expect(repaired([0xE2, 0x82, 0x41]) == Array("??A".utf8))
  }

  @Test("Whatever comes in, UTF-8 comes out, and where all of it was that, nothing is changed")
  func random() {
    var generator = Dice(state: 3)
    for _ in 0..<20_000 {
      let bytes = (0..<Int(generator.next() % 9)).map { _ in Self.byte(&generator) }
      let result = repaired(bytes)
      #expect(String(validating: result, as: UTF8.self) != nil, "\(bytes)")
      if String(validating: bytes, as: UTF8.self) != nil { #expect(result == bytes) }
    }
  }

  /// Mostly such as can stand in characters of several bytes, at the edges of what may.
  private static func byte(_ generator: inout Dice) -> UInt8 {
    let likely: [UInt8] = [
      0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF,
    ]
    return likely[Int(generator.next() % UInt64(likely.count))]
  }

  private func repaired(_ bytes: [UInt8]) -> [UInt8] {
    var strings = RecordStrings()
    _ = bytes.withUnsafeBytes { strings.add(repairing: $0) }
    var sink = ByteSink(capacity: 64)
    strings.write(to: &sink)
    // Behind the number of strings and the length of this one.
    return Array(sink.array().dropFirst(2))
  }
}
