// Lines of text, more than fit, of which a part is shown.

/// Lines that are folded at the edge and can be scrolled.
package struct TextBlock: Widget, Equatable, Sendable {
  /// The lines before they are folded.
  package var lines: [Line]
  /// How many folded lines are above the area; too many shows the end.
  package var offset: Int

  /// A block that begins with its line `offset`.
  package init(_ lines: [Line], offset: Int = 0) {
    self.lines = lines
    self.offset = offset
  }

  /// The lines as they are folded into a width. The rest of a line is indented by two columns.
  package func folded(to width: Int) -> [Line] {
    guard width > 0 else { return [] }
    return lines.flatMap { TextBlock.fold($0, to: width) }
  }

  /// How far it can be scrolled in an area of a size.
  package func greatestOffset(in size: Size) -> Int {
    max(0, folded(to: size.width).count - size.height)
  }

  /// Draws as many lines as fit.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let all = folded(to: rect.width)
    let first = min(max(0, offset), max(0, all.count - rect.height))
    for (index, line) in all.dropFirst(first).prefix(rect.height).enumerated() {
      line.render(in: rect.row(index), into: &buffer)
    }
  }

  private static func fold(_ line: Line, to width: Int) -> [Line] {
    guard line.width > width else { return [line] }
    let indent = width > 8 ? Span("  ") : nil
    var folded: [Line] = []
    var current = Line()
    var used = 0
    for span in line.spans {
      var piece = String.UnicodeScalarView()
      for scalar in span.text.unicodeScalars {
        let columns = DisplayWidth.of(scalar)
        if used + columns > width, used > 0 {
          current.spans.append(Span(String(piece), span.style))
          folded.append(current)
          piece = String.UnicodeScalarView()
          current = Line(indent.map { [$0] } ?? [])
          used = indent == nil ? 0 : 2
        }
        piece.append(scalar)
        used += columns
      }
      if !piece.isEmpty { current.spans.append(Span(String(piece), span.style)) }
    }
    folded.append(current)
    return folded
  }
}
