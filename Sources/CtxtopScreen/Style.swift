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

/// How a cell looks. One number, since thousands of cells are compared for every frame.
package struct Style: Equatable, Hashable, Sendable {
  /// Attributes, the foreground and the background, from the least bit.
  private let bits: UInt64

  /// The character's colour.
  package var foreground: Color { Color(packed: UInt32(truncatingIfNeeded: bits >> 8) & Color.mask) }
  /// The colour behind it.
  package var background: Color { Color(packed: UInt32(truncatingIfNeeded: bits >> 34) & Color.mask) }
  /// Bold and the like.
  package var attributes: Attributes { Attributes(rawValue: UInt8(truncatingIfNeeded: bits)) }

  /// A style; without arguments the terminal's own.
  package init(_ foreground: Color = .standard, on background: Color = .standard, _ attributes: Attributes = []) {
    bits = UInt64(attributes.rawValue) | UInt64(foreground.packed) << 8 | UInt64(background.packed) << 34
  }

  /// The terminal's own style.
  package static let standard = Style()

  /// This style, and the given attributes as well.
  package func adding(_ attributes: Attributes) -> Style {
    Style(foreground, on: background, self.attributes.union(attributes))
  }
}
