// A bar that fills from left to right.

/// How much of something is used.
package struct Meter: Widget, Equatable, Sendable {
  /// The part that is used, from 0 to 1.
  package var fraction: Double
  /// What the bar is drawn with.
  package var shapes: Shapes
  /// How the bar looks.
  package var style: Style
  /// How its ends look.
  package var frame: Style

  /// A bar filled up to `fraction`.
  package init(_ fraction: Double, shapes: Shapes, style: Style, frame: Style) {
    self.fraction = fraction
    self.shapes = shapes
    self.style = style
    self.frame = frame
  }

  /// Draws into the first row of `rect`, between brackets.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let row = rect.row(0)
    guard row.width > 2 else { return }
    buffer.put("[", at: row.origin, frame, in: row)
    buffer.put("]", at: Position(x: row.maxX - 1, y: row.y), frame, in: row)
    let inside = Rect(x: row.x + 1, y: row.y, width: row.width - 2, height: 1)
    let steps = shapes.widths.count - 1
    let known = fraction.isFinite ? min(max(fraction, 0), 1) : 0
    var left = Int((known * Double(inside.width * steps)).rounded())
    var text = String.UnicodeScalarView()
    for _ in 0..<inside.width {
      text.append(shapes.widths[min(left, steps)])
      left = max(0, left - steps)
    }
    buffer.put(String(text), at: inside.origin, style, in: inside)
  }
}
