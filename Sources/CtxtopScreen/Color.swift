// Colours, and the nearest of them that a terminal has.

/// A colour, independent of what the terminal can show.
package enum Color: Equatable, Hashable, Sendable {
  /// The terminal's own foreground or background.
  case standard
  /// One of the palette's 256; the first 16 are the user's own choice.
  case indexed(UInt8)
  /// Red, green and blue.
  case direct(UInt8, UInt8, UInt8)

  /// The colour of 0xRRGGBB.
  package init(hex: UInt32) {
    self = .direct(
      UInt8(truncatingIfNeeded: hex >> 16), UInt8(truncatingIfNeeded: hex >> 8), UInt8(truncatingIfNeeded: hex))
  }

  /// The bits that `packed` uses.
  static let mask: UInt32 = 0x3FF_FFFF

  /// The colour as a number, which no other colour has.
  var packed: UInt32 {
    switch self {
    case .standard: 0
    case .indexed(let index): 1 << 24 | UInt32(index)
    case .direct(let red, let green, let blue): 2 << 24 | UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
    }
  }

  /// The colour of a number.
  init(packed: UInt32) {
    switch packed >> 24 {
    case 0: self = .standard
    case 1: self = .indexed(UInt8(truncatingIfNeeded: packed))
    default: self = Color(hex: packed & 0xFF_FFFF)
    }
  }

  /// Red, green and blue from 0 to 255, for one of the first 16 what xterm makes of it; nil for the terminal's own.
  package var components: (red: Int32, green: Int32, blue: Int32)? {
    switch self {
    case .standard: nil
    case .indexed(let index): Color.components(of: index)
    case .direct(let red, let green, let blue): (Int32(red), Int32(green), Int32(blue))
    }
  }

  /// The nearest of the palette that all terminals of 256 colours share. The first 16 are left out: they are
  /// whatever the user made of them.
  package var inPalette: Color {
    guard case .direct = self, let wanted = components else { return self }
    return .indexed(Color.nearest(to: wanted, among: 16...255))
  }

  /// The index in the palette, within a range, of the colour nearest to red, green and blue.
  package static func nearest(to wanted: (Int32, Int32, Int32), among candidates: ClosedRange<UInt8>) -> UInt8 {
    candidates.min { distance($0, wanted) < distance($1, wanted) } ?? 7
  }

  private static func distance(_ index: UInt8, _ wanted: (Int32, Int32, Int32)) -> Int32 {
    let (red, green, blue) = components(of: index)
    let (r, g, b) = (red - wanted.0, green - wanted.1, blue - wanted.2)
    return r * r + g * g + b * b
  }

  private static func components(of index: UInt8) -> (red: Int32, green: Int32, blue: Int32) {
    let index = Int32(index)
    switch index {
    case 232...255:
      let grey = 8 + (index - 232) * 10
      return (grey, grey, grey)
    case 16...231:
      let steps: [Int32] = [0, 95, 135, 175, 215, 255]
      let cube = Int(index - 16)
      return (steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6])
    case 8: return (127, 127, 127)
    case 7: return (229, 229, 229)
    default:
      let level: Int32 = index > 8 ? 255 : 205
      return (index & 1 == 0 ? 0 : level, index & 2 == 0 ? 0 : level, index & 4 == 0 ? 0 : level)
    }
  }
}
