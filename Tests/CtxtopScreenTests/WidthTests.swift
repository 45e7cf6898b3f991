import CtxtopScreen
import Glibc
import Testing

/// Our widths against the C library's, which ncurses and most terminals believe, over all of Unicode.
@Suite struct WidthTests {
  private typealias Measure = @convention(c) (wchar_t) -> Int32

  /// `wcwidth` is hidden from Swift behind a macro.
  private static func libraryMeasure() -> Measure? {
    guard setlocale(LC_CTYPE, "C.UTF-8") != nil, let symbol = dlsym(nil, "wcwidth") else { return nil }
    return unsafeBitCast(symbol, to: Measure.self)
  }

  /// Where we differ, and why. A character that the library measures differently is drawn as a question mark, so
  /// that a difference costs a character and never the layout.
  private static func isException(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // Control characters are shown as a question mark.
    case 0..<0x20, 0x7F..<0xA0: true
    // Numbers in circles, wide in the library alone.
    case 0x3248...0x324F: true
    // Became wide with Unicode 15.1 and 16: libraries differ.
    case 0x2630...0x2637, 0x268A...0x268F, 0x2FFC...0x2FFF, 0x31E4...0x31E5, 0x31EF, 0x4DC0...0x4DFF: true
    case 0x1D300...0x1D356, 0x1D360...0x1D376: true
    // Ahom's sign stands beside its consonant since Unicode 14.
    case 0x1171E: true
    // Invisible: we leave them out, whether or not the library gives them a column.
    default: scalar.properties.generalCategory == .format
    }
  }

  @Test func widthsAreTheLibrarys() throws {
    let measure = try #require(Self.libraryMeasure())
    var different: [String] = []
    for value in UInt32(0x20)...0x10FFFF {
      guard let scalar = Unicode.Scalar(value), !Self.isException(scalar) else { continue }
      let category = scalar.properties.generalCategory
      let theirs = Int(measure(wchar_t(bitPattern: value)))
      // What one of both does not know yet cannot be compared.
      guard theirs >= 0, category != .unassigned else { continue }
      if theirs != DisplayWidth.of(scalar) {
        different.append("U+\(String(value, radix: 16, uppercase: true)) \(theirs) \(category)")
      }
    }
    #expect(different.isEmpty, "\(different.count):\n\(different.prefix(100).joined(separator: "\n"))")
  }

  @Test func marksHaveNoWidthOfTheirOwn() {
    for text in ["e\u{301}", "n\u{303}\u{323}", "ก\u{E49}", "क\u{94D}", "ש\u{5B8}", "\u{1112}\u{1161}\u{11AB}"] {
      let base = text.unicodeScalars.first.map { DisplayWidth.of($0) }
      #expect(DisplayWidth.of(text) == base, "\(text)")
      var buffer = Buffer(Size(width: 6, height: 1))
      buffer.put(text + "|", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
      #expect(buffer[base ?? 0, 0].base == "|")
      #expect(buffer.lines == [text + "|"])
    }
  }
}
