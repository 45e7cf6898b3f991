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

  /// A group that is shown, and where.
  package struct Place: Equatable, Sendable {
    /// Index in `groups`; nil for the trailing one.
    package var group: Int?
    /// Its part of the row.
    package var area: Rect
  }

  /// Where each group lies in the first row of `rect`, from left to right: what is drawn, and where to click. The
  /// most important group has a place even when it has to be cut.
  package func places(in rect: Rect) -> [Place] {
    let row = rect.row(0)
    guard !row.isEmpty else { return [] }
    let all = groups + (trailing.map { [$0] } ?? [])
    let (shown, gap) = fitting(all, in: row.width)
    var places: [Place] = []
    var x = row.x
    for index in shown {
      let isTrailing = index == groups.count
      let width = all[index].width
      let start = isTrailing ? max(row.x, row.maxX - width) : x
      let area = Rect(x: start, y: row.y, width: width, height: row.height).intersection(row)
      places.append(Place(group: isTrailing ? nil : index, area: area))
      x += width + gap
    }
    return places
  }

  /// Draws into the first row of `rect`.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    for place in places(in: rect) {
      guard let group = place.group.map({ groups[$0] }) ?? trailing else { continue }
      draw(group, in: place.area, into: &buffer)
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

  private func draw(_ group: Group, in area: Rect, into buffer: inout Buffer) {
    var x = area.x
    for part in group.parts {
      switch part {
      case .text(let span):
        x += buffer.put(span.text, at: Position(x: x, y: area.y), span.style, in: area)
      case .widget(let widget, let width):
        widget.render(in: Rect(x: x, y: area.y, width: width, height: area.height).intersection(area), into: &buffer)
        x += width
      }
    }
  }
}
