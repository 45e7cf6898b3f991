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
  /// Stands right of the bar and says what the colour says; a space keeps its place free, nil takes none.
  package var sign: Unicode.Scalar?

  /// A bar filled up to `fraction`.
  package init(_ fraction: Double, shapes: Shapes, style: Style, frame: Style, sign: Unicode.Scalar? = nil) {
    self.fraction = fraction
    self.shapes = shapes
    self.style = style
    self.frame = frame
    self.sign = sign
  }

  /// Draws into the first row of `rect`, between brackets, the sign last.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let line = rect.row(0)
    let row = Rect(x: line.x, y: line.y, width: line.width - (sign == nil ? 0 : 1), height: line.height)
    if let sign, !line.isEmpty {
      buffer.put(String(sign), at: Position(x: line.maxX - 1, y: line.y), style, in: line)
    }
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
