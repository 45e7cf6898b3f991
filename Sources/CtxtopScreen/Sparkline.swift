// A chart one row high: the latest value stands at the right edge.

/// A row of small columns.
package struct Sparkline: Widget, Equatable, Sendable {
  /// Values from the oldest to the latest; nil where nothing is known.
  package var values: [Double?]
  /// The value of a full column; nil: the greatest that is shown.
  package var maximum: Double?
  /// What the columns are drawn with.
  package var shapes: Shapes
  /// How they look.
  package var style: Style

  /// A chart of the given values.
  package init(_ values: [Double?], maximum: Double? = nil, shapes: Shapes, style: Style) {
    self.values = values
    self.maximum = maximum
    self.shapes = shapes
    self.style = style
  }

  /// Draws into the first row of `rect`, one value a column.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let row = rect.row(0)
    guard !row.isEmpty else { return }
    // What is not known yet is not drawn: a space of another colour would be written anew wherever it moves to.
    let shown = values.suffix(row.width).drop { $0 == nil }
    let greatest = shown.reduce(0) { max($0, $1 ?? 0) }
    let scale = max(maximum ?? 0, greatest)
    var text = String.UnicodeScalarView()
    for value in shown {
      text.append(shape(of: value, scale: scale))
    }
    buffer.put(String(text), at: Position(x: row.maxX - shown.count, y: row.y), style, in: row)
  }

  /// Nothing known is a gap, zero is the lowest column, and only the greatest value is full.
  private func shape(of value: Double?, scale: Double) -> Unicode.Scalar {
    let steps = shapes.heights.count - 1
    guard let value, value.isFinite, steps > 0 else { return " " }
    guard scale > 0, scale.isFinite, value > 0 else { return shapes.heights[1] }
    let step = Int((value / scale * Double(steps)).rounded())
    return shapes.heights[min(max(step, 1), steps)]
  }
}
