// An area with a border and a title.

/// A border around an area, which it empties.
package struct Panel: Widget, Equatable, Sendable {
  /// Stands in the upper border.
  package var title: String
  /// Stands in the lower border, at the right.
  package var note: String
  /// What the border is drawn with.
  package var shapes: Shapes
  /// How the border looks.
  package var border: Style
  /// How the title looks.
  package var heading: Style

  /// A panel with a title above and a note below.
  package init(_ title: String, note: String = "", look: Look) {
    self.title = title
    self.note = note
    shapes = look.shapes
    border = look[.border]
    heading = look[.title]
  }

  /// The area inside of the border. Where a border would leave nothing, there is none.
  package static func content(of rect: Rect) -> Rect {
    guard rect.width >= 5, rect.height >= 3 else { return rect }
    return Rect(x: rect.x + 2, y: rect.y + 1, width: rect.width - 4, height: rect.height - 2)
  }

  /// Empties `rect` and draws the border along its edge.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    buffer.fill(rect)
    guard Panel.content(of: rect) != rect else { return }
    let right = rect.maxX - 1
    let bottom = rect.maxY - 1
    for y in [rect.y, bottom] {
      buffer.fill(Rect(x: rect.x + 1, y: y, width: rect.width - 2, height: 1), with: shapes.horizontal, border)
    }
    for x in [rect.x, right] {
      buffer.fill(Rect(x: x, y: rect.y + 1, width: 1, height: rect.height - 2), with: shapes.vertical, border)
    }
    for (shape, (x, y)) in zip(shapes.corners, [(rect.x, rect.y), (right, rect.y), (rect.x, bottom), (right, bottom)]) {
      buffer.fill(Rect(x: x, y: y, width: 1, height: 1), with: shape, border)
    }
    let inner = Rect(x: rect.x + 2, y: rect.y, width: rect.width - 4, height: rect.height)
    if !title.isEmpty {
      Line([Span(" \(title) ", heading)], ellipsis: shapes.ellipsis).render(in: inner.row(0), into: &buffer)
    }
    let width = DisplayWidth.of(note) + 2
    if !note.isEmpty, width <= inner.width {
      buffer.put(" \(note) ", at: Position(x: inner.maxX - width, y: bottom), border, in: inner)
    }
  }
}
