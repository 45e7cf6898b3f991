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
    case .indexed(let index) where Int(index) < (isDirect ? 8 : colors): return Int32(index)
    case .indexed(let index) where index < 16 && !isDirect: return Int32(index) - 8
    case .indexed, .direct:
      guard let exact = color.components else { return -1 }
      if isDirect { return exact.red << 16 | exact.green << 8 | exact.blue }
      return Int32(Color.nearest(to: exact, among: colors >= 256 ? 16...255 : 0...UInt8(min(colors, 16) - 1)))
    }
  }
}
