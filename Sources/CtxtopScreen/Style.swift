// How a cell looks. A terminal that has fewer colours takes the nearest; one that has none shows the
// attributes alone.

/// What can be added to a colour.
package struct Attributes: OptionSet, Hashable, Sendable {
  /// The bits.
  package let rawValue: UInt8

  /// Attributes of the given bits.
  package init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Bold, or bright.
  package static let bold = Attributes(rawValue: 1)
  /// Less bright than normal.
  package static let dim = Attributes(rawValue: 2)
  /// Foreground and background exchanged.
  package static let reverse = Attributes(rawValue: 4)
  /// Underlined.
  package static let underline = Attributes(rawValue: 8)
}

/// How a cell looks.
package struct Style: Equatable, Hashable, Sendable {
  /// The character's colour.
  package var foreground: Color
  /// The colour behind it.
  package var background: Color
  /// Bold and the like.
  package var attributes: Attributes

  /// A style; without arguments the terminal's own.
  package init(_ foreground: Color = .standard, on background: Color = .standard, _ attributes: Attributes = []) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  /// The terminal's own style.
  package static let standard = Style()

  /// This style, and the given attributes as well.
  package func adding(_ attributes: Attributes) -> Style {
    Style(foreground, on: background, self.attributes.union(attributes))
  }
}
