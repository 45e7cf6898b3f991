// The themes by name, and what each looks like: one table a theme. A terminal of 8 or 16 colours is given the
// user's own sixteen; one with more gets the exact colours, or the nearest it has.
//
// What must hold, and tests check: on the background that a theme is made for, every text is readable (a contrast
// of 4.5 or more), also after it became the nearest of 256. In the colour-blind themes critical, warning, notice
// and good differ for people with protanopia, deuteranopia and tritanopia.

/// A theme by the name that settings call it.
package enum ThemeName: String, CaseIterable, Sendable {
  /// The user's own sixteen colours: readable on dark and on light.
  case standard = "default"
  /// For a dark background.
  case dark
  /// For a light background.
  case light
  /// Orange, yellow and blue on a dark background.
  case colorblind
  /// Brown and blue on a light background.
  case colorblindLight = "colorblind-light"
  /// No colour.
  case monochrome
}

/// How many colours a theme may use.
package enum ColorDepth: Int, CaseIterable, Sendable {
  /// The user's own, as many as the terminal has of the first sixteen.
  case sixteen = 16
  /// The palette that all terminals of 256 colours share.
  case palette = 256
  /// Red, green and blue.
  case direct = 16_777_216
}

extension Theme {
  /// The theme of a name for a terminal of that many colours.
  package static func named(_ name: ThemeName, depth: ColorDepth) -> Theme {
    switch name {
    case .standard: .color
    case .monochrome: .monochrome
    case .dark: Theme { darkInk($0).style(depth) }
    case .light: Theme { lightInk($0).style(depth) }
    case .colorblind: Theme { colorblindInk($0).style(depth) }
    case .colorblindLight: Theme { colorblindLightInk($0).style(depth) }
    }
  }

  private static func darkInk(_ role: Role) -> Ink {
    switch role {
    case .text: Ink()
    case .dim: Ink(.standard, 0xA8A8A8, sixteen: .dim)
    case .value: Ink(.standard, 0xFFFFFF, .bold)
    case .title: Ink(.indexed(14), 0x5FD7FF, .bold)
    case .columnTitle: Ink(.indexed(0), 0x000000, on: .indexed(6), 0x5FAFAF)
    case .sortedTitle: Ink(.indexed(0), 0x000000, on: .indexed(6), 0x87D7D7, [.bold, .underline])
    case .selected: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x005F87)
    case .tab: Ink(.indexed(0), 0x000000, on: .indexed(6), 0x5FD7FF, .bold)
    case .good, .chart: Ink(.indexed(10), 0x87D787)
    case .busy: Ink(.indexed(12), 0x87AFFF)
    case .notice: Ink(.indexed(14), 0x5FD7D7)
    case .warning: Ink(.indexed(11), 0xFFD75F, .bold)
    case .critical: Ink(.indexed(9), 0xFF6F6F, .bold)
    case .border: Ink(.indexed(6), 0x5F8787)
    case .key: Ink(.indexed(14), 0x5FD7FF, .bold)
    }
  }

  private static func lightInk(_ role: Role) -> Ink {
    switch role {
    case .text: Ink()
    case .dim: Ink(.standard, 0x5C5C5C, sixteen: .dim)
    case .value: Ink(.standard, 0x000000, .bold)
    case .title: Ink(.indexed(4), 0x005F87, .bold)
    case .columnTitle: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x005F87)
    case .sortedTitle: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x005FAF, [.bold, .underline])
    case .selected: Ink(.indexed(0), 0x000000, on: .indexed(6), 0xAFD7FF)
    case .tab: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x005F87, .bold)
    case .good, .chart: Ink(.indexed(2), 0x005F00)
    case .busy: Ink(.indexed(4), 0x0000D7)
    case .notice: Ink(.indexed(6), 0x005F5F)
    case .warning: Ink(.indexed(3), 0x875F00, .bold)
    case .critical: Ink(.indexed(1), 0xAF0000, .bold)
    case .border: Ink(.indexed(6), 0x5F8787)
    case .key: Ink(.indexed(4), 0x005FAF, .bold)
    }
  }

  /// Levels differ in brightness, hue along blue and yellow, and underlining; red and green are not used.
  private static func colorblindInk(_ role: Role) -> Ink {
    switch role {
    case .text, .dim, .value: darkInk(role)
    case .title, .key: Ink(.indexed(12), 0xAFD7FF, .bold)
    case .columnTitle: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x0000AF)
    case .sortedTitle: Ink(.indexed(15), 0xFFFFFF, on: .indexed(4), 0x0000D7, [.bold, .underline])
    case .selected: Ink(.standard, .reverse)
    case .tab: Ink(.standard, [.bold, .reverse])
    case .good, .chart: Ink(.standard, 0x5FFFFF)
    case .busy: Ink(.standard, 0xD7D7FF)
    case .notice: Ink(.indexed(12), 0x8787FF)
    case .warning: Ink(.indexed(11), 0xFFFFAF, .bold)
    case .critical: Ink(.indexed(3), 0xFF8700, [.bold, .underline])
    case .border: Ink(.indexed(4), 0x8787AF)
    }
  }

  private static func colorblindLightInk(_ role: Role) -> Ink {
    switch role {
    case .text, .dim, .value: lightInk(role)
    case .title, .key: Ink(.indexed(4), 0x00005F, .bold)
    case .columnTitle, .sortedTitle: colorblindInk(role)
    case .selected: Ink(.standard, .reverse)
    case .tab: Ink(.standard, [.bold, .reverse])
    case .good, .chart: Ink(.standard, 0x005F5F)
    case .busy: Ink(.standard, 0x000087)
    case .notice: Ink(.indexed(12), 0x0000FF)
    case .warning: Ink(.indexed(3), 0x875F00, .bold)
    case .critical: Ink(.indexed(1), 0x5F0000, [.bold, .underline])
    case .border: Ink(.indexed(4), 0x5F5F87)
    }
  }
}

/// A style twice: from the first sixteen colours, and exact.
private struct Ink {
  private var few: Style
  private var many: Style

  /// The terminal's own colours.
  init(_ foreground: Color = .standard, _ attributes: Attributes = []) {
    few = Style(foreground, on: .standard, attributes)
    many = few
  }

  /// A foreground; `sixteen` is for attributes that only stand in for the exact colour.
  init(_ color: Color, _ exact: UInt32, _ attributes: Attributes = [], sixteen: Attributes = []) {
    few = Style(color, on: .standard, attributes.union(sixteen))
    many = Style(Color(hex: exact), on: .standard, attributes)
  }

  /// A foreground on a background.
  init(
    _ color: Color, _ exact: UInt32, on background: Color, _ exactBackground: UInt32, _ attributes: Attributes = []
  ) {
    few = Style(color, on: background, attributes)
    many = Style(Color(hex: exact), on: Color(hex: exactBackground), attributes)
  }

  func style(_ depth: ColorDepth) -> Style {
    switch depth {
    case .sixteen: few
    case .palette: Style(many.foreground.inPalette, on: many.background.inPalette, many.attributes)
    case .direct: many
    }
  }
}
