// Styles as ncurses wants them: attributes and the number of a colour pair, which is made when it is first used.

import CNcurses
import CtxtopScreen

/// Colour pairs in use, and the mapping of colours to what the terminal has.
struct CursesPalette {
  private struct Pair: Hashable {
    var foreground: Color
    var background: Color
  }

  private let colors: Int
  private let limit: Int32
  private let isDirect: Bool
  private var pairs: [Pair: Int32] = [:]

  /// A palette for a terminal that can do so much.
  init(_ capabilities: Capabilities) {
    colors = capabilities.colors
    isDirect = capabilities.hasDirectColor
    limit = Int32(clamping: min(capabilities.pairs, 32767))
  }

  /// A style's attributes and pair.
  mutating func attributes(of style: Style) -> (attr_t, Int32) {
    var attributes: attr_t = 0
    if style.attributes.contains(.bold) { attributes |= CN_BOLD }
    if style.attributes.contains(.dim) { attributes |= CN_DIM }
    if style.attributes.contains(.reverse) { attributes |= CN_REVERSE }
    if style.attributes.contains(.underline) { attributes |= CN_UNDERLINE }
    // With eight colours, the bright ones are made by bold.
    if colors == 8, case .indexed(8...15) = style.foreground { attributes |= CN_BOLD }
    return (attributes, pair(style.foreground, style.background))
  }

  private mutating func pair(_ foreground: Color, _ background: Color) -> Int32 {
    guard colors >= 8, foreground != .standard || background != .standard else { return 0 }
    let key = Pair(foreground: foreground, background: background)
    if let number = pairs[key] { return number }
    let number = Int32(pairs.count + 1)
    guard number < limit, init_extended_pair(number, index(of: foreground), index(of: background)) == OK else {
      return 0
    }
    pairs[key] = number
    return number
  }

  /// The terminal's number for a colour; -1: its own.
  private func index(of color: Color) -> Int32 {
    switch color {
    case .standard: return -1
    case .indexed(let index) where isDirect && index >= 8:
      let (red, green, blue) = Self.components(of: index)
      return red << 16 | green << 8 | blue
    case .indexed(let index) where Int(index) < colors: return Int32(index)
    case .indexed(let index) where index < 16: return Int32(index) - 8
    case .indexed(let index): return nearest(to: Self.components(of: index))
    case .direct(let red, let green, let blue):
      if isDirect { return Int32(red) << 16 | Int32(green) << 8 | Int32(blue) }
      return nearest(to: (Int32(red), Int32(green), Int32(blue)))
    }
  }

  /// The nearest colour. With 256, the first 16 are left out: they are whatever the user made of them.
  private func nearest(to wanted: (Int32, Int32, Int32)) -> Int32 {
    let candidates = colors >= 256 ? 16..<256 : 0..<min(colors, 16)
    return Int32(candidates.min { distance($0, wanted) < distance($1, wanted) } ?? 7)
  }

  private func distance(_ index: Int, _ wanted: (Int32, Int32, Int32)) -> Int32 {
    let (red, green, blue) = Self.components(of: UInt8(index))
    let (r, g, b) = (red - wanted.0, green - wanted.1, blue - wanted.2)
    return r * r + g * g + b * b
  }

  /// What xterm shows for a colour of its palette.
  static func components(of index: UInt8) -> (Int32, Int32, Int32) {
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
