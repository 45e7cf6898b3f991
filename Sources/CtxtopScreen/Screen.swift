// The screen as a value: cells in a buffer, widgets that render into it, and the protocol of the terminal
// that shows it. Nothing here knows what ctxtop shows, and nothing here does input or output.
//
//   Geometry.swift       Position, Size, Rect
//   Color.swift          Color                      Style.swift    Attributes, Style
//   Theme.swift          Role -> Style              Themes.swift   themes by name
//   Shapes.swift         what is drawn with: Unicode or ASCII
//   DisplayWidth.swift   how many columns a character takes
//   Cell.swift           one column of one row      Buffer.swift   all of them
//   Changes.swift        what differs between two buffers
//   Widget.swift, Line.swift, Strip.swift, TextBlock.swift, Table.swift, TableLayout.swift,
//                        Sparkline.swift, Chart.swift, Meter.swift, Panel.swift
//   LineEditor.swift     text that is typed         Menu.swift     a list to choose from
//   Terminal.swift       the one seam to the outside      Key.swift   what comes back through it
//   Clipboard.swift      text that goes through it to the clipboard
//   Clicks.swift         when two presses are a double click

/// How things look: the theme and the shapes, chosen once per terminal.
package struct Look: Equatable, Sendable {
  /// Styles by role.
  package var theme: Theme
  /// Characters by purpose.
  package var shapes: Shapes

  /// A look of the given theme and shapes.
  package init(theme: Theme = .color, shapes: Shapes = .unicode) {
    self.theme = theme
    self.shapes = shapes
  }

  /// The style of a role.
  package subscript(role: Role) -> Style { theme[role] }
}
