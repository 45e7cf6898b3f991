// Groups of text and small charts side by side in one row. Where not all fit, the least important go.

/// A row of groups.
package struct Strip: Widget {
  /// Something in a group.
  package enum Part {
    /// Text.
    case text(Span)
    /// A chart or a bar of a width.
    case widget(any Widget, width: Int)

    fileprivate var width: Int {
      switch self {
      case .text(let span): DisplayWidth.of(span.text)
      case .widget(_, let width): width
      }
    }
  }

  /// What stays or goes together.
  package struct Group {
    /// The parts, from left to right.
    package var parts: [Part]
    /// How much it matters.
    package var weight: Int

    /// A group of the given parts.
    package init(_ parts: [Part], weight: Int = 50) {
      self.parts = parts
      self.weight = weight
    }

    /// A group of text alone.
    package init(_ spans: [Span], weight: Int = 50) {
      self.init(spans.map { .text($0) }, weight: weight)
    }

    fileprivate var width: Int { parts.reduce(0) { $0 + $1.width } }
  }

  /// The groups from left to right.
  package var groups: [Group]
  /// Stands at the right edge; its weight counts as all others'.
  package var trailing: Group?
  /// Columns between two groups, where there is room; at least one stays.
  package var gap: Int

  /// A row of the given groups.
  package init(_ groups: [Group], trailing: Group? = nil, gap: Int = 3) {
    self.groups = groups
    self.trailing = trailing
    self.gap = gap
  }

  /// Draws into the first row of `rect`. The most important group is drawn even when it has to be cut.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let row = rect.row(0)
    let all = groups + (trailing.map { [$0] } ?? [])
    let (shown, gap) = fitting(all, in: row.width)
    var x = row.x
    for index in shown where index < groups.count {
      x = draw(groups[index], from: x, in: row, into: &buffer) + gap
    }
    if let trailing, shown.contains(groups.count) {
      draw(trailing, from: max(row.x, row.maxX - trailing.width), in: row, into: &buffer)
    }
  }

  private func fitting(_ all: [Group], in width: Int) -> (shown: [Int], gap: Int) {
    var shown: [Int] = []
    var used = 0
    for index in all.indices.sorted(by: { (all[$0].weight, -$0) > (all[$1].weight, -$1) }) where all[index].width > 0 {
      let needed = all[index].width + (shown.isEmpty ? 0 : 1)
      guard used + needed <= width || shown.isEmpty else { continue }
      shown.append(index)
      used += needed
    }
    let spare = max(0, width - used)
    let gaps = max(1, shown.count - 1)
    return (shown.sorted(), 1 + min(max(0, gap - 1), spare / gaps))
  }

  @discardableResult
  private func draw(_ group: Group, from start: Int, in row: Rect, into buffer: inout Buffer) -> Int {
    var x = start
    for part in group.parts {
      switch part {
      case .text(let span):
        x += buffer.put(span.text, at: Position(x: x, y: row.y), span.style, in: row)
      case .widget(let widget, let width):
        let area = Rect(x: x, y: row.y, width: width, height: row.height).intersection(row)
        widget.render(in: area, into: &buffer)
        x += width
      }
    }
    return x
  }
}
