// Text of several styles in one row.

/// Text of one style.
package struct Span: Equatable, Sendable {
  /// What is written.
  package var text: String
  /// How it looks.
  package var style: Style

  /// Text in a style.
  package init(_ text: String, _ style: Style = .standard) {
    self.text = text
    self.style = style
  }
}

/// Spans one after the other; what does not fit ends in an ellipsis.
package struct Line: Widget, Equatable, Sendable {
  /// The parts, from left to right.
  package var spans: [Span]
  /// What stands in the last column when there is more; nil: the text is merely cut.
  package var ellipsis: Unicode.Scalar?

  /// A line of the given parts.
  package init(_ spans: [Span] = [], ellipsis: Unicode.Scalar? = nil) {
    self.spans = spans
    self.ellipsis = ellipsis
  }

  /// What it says.
  package var text: String { spans.reduce(into: "") { $0 += $1.text } }

  /// Columns that the whole line takes.
  package var width: Int { spans.reduce(0) { $0 + DisplayWidth.of($1.text) } }

  /// Draws into the first row of `rect`.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let row = rect.row(0)
    var x = row.x
    var last = Style.standard
    for span in spans where x < row.maxX {
      x += buffer.put(span.text, at: Position(x: x, y: row.y), span.style, in: row)
      last = span.style
    }
    if let ellipsis, row.width > 0, width > row.width {
      buffer.put(String(ellipsis), at: Position(x: row.maxX - 1, y: row.y), last, in: row)
    }
  }
}
