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

  /// The lines as they are folded into a width. The rest of a line is indented.
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

  /// Breaks a line after the last space that fits, in the middle of a word where there is none.
  private static func fold(_ line: Line, to width: Int) -> [Line] {
    guard line.width > width else { return [line] }
    let indent = width > 8 ? 4 : 0
    let scalars = line.spans.flatMap { span in span.text.unicodeScalars.map { ($0, span.style) } }
    var folded: [Line] = []
    var start = 0
    while start < scalars.count {
      let margin = folded.isEmpty ? 0 : indent
      let end = start + TextBlock.fitting(scalars[start...], in: width - margin)
      let blank = Span(String(repeating: " ", count: margin))
      folded.append(Line((margin > 0 ? [blank] : []) + TextBlock.spans(scalars[start..<end])))
      start = end
      while start < scalars.count, scalars[start].0 == " " { start += 1 }
    }
    return folded
  }

  /// How many scalars make the next line; at least one.
  private static func fitting(_ scalars: ArraySlice<(Unicode.Scalar, Style)>, in width: Int) -> Int {
    var used = 0
    var breakable = 0
    for (index, (scalar, _)) in scalars.enumerated() {
      used += DisplayWidth.of(scalar)
      if used > width, index > 0 { return breakable > width / 2 ? breakable : index }
      if scalar == " " { breakable = index + 1 }
    }
    return scalars.count
  }

  private static func spans(_ scalars: ArraySlice<(Unicode.Scalar, Style)>) -> [Span] {
    var spans: [Span] = []
    for (scalar, style) in scalars {
      if spans.last?.style == style {
        spans[spans.count - 1].text.unicodeScalars.append(scalar)
      } else {
        spans.append(Span(String(scalar), style))
      }
    }
    return spans
  }
}
