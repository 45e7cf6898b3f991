// Charts as lines of text, so that they scroll, are searched and are copied with what stands around them.

import CtxtopModel
import CtxtopScreen

/// One number over time, with its name.
struct NumberChart {
  let label: NumberLabel
  /// Values from the oldest to the latest.
  let values: [Double?]
  /// How many there were before the first.
  let earlier: Int
  /// When they were.
  let timeline: Timeline
  /// Milliseconds between snapshots.
  let interval: Int
  /// How its columns look.
  var role = Role.chart

  /// `req/s 412  highest 500`.
  fileprivate func title(_ look: Look) -> Line {
    let latest = label.kind.text(values.last ?? nil)
    var spans = [Span(label.title + " ", look[.title]), Span(latest, look[.value])]
    if let highest = values.compactMap({ $0 }).max() {
      spans.append(Span("  highest \(label.kind.text(highest))", look[.dim]))
    }
    return Line(spans, ellipsis: look.shapes.ellipsis)
  }

  fileprivate func chart(_ look: Look) -> Chart {
    let (kind, timeline, interval) = (label.kind, timeline, interval)
    return Chart(
      values, earlier: earlier, shapes: look.shapes, style: look[role], frame: look[.dim], label: { kind.text($0) },
      age: { "\(Format.uptime(timeline.age(back: $0, interval: interval) + 500_000_000)) ago" })
  }
}

/// Charts side by side.
struct ChartGrid {
  let charts: [NumberChart]
  /// Columns of the screen that all take.
  let width: Int

  /// How many stand side by side.
  var columns: Int { min(max(1, charts.count), width >= 150 ? 3 : width >= 60 ? 2 : 1) }
  /// How many rows of charts there are.
  var rows: Int { (charts.count + columns - 1) / columns }

  /// The charts as text, each of so many lines with its title and its time axis.
  func lines(height: Int, look: Look) -> [Line] {
    let gap = 2
    let cell = (width - gap * (columns - 1)) / columns
    var buffer = Buffer(Size(width: width, height: height * rows))
    for (index, chart) in charts.enumerated() {
      let area = Rect(
        x: index % columns * (cell + gap), y: index / columns * height, width: cell, height: height)
      chart.title(look).render(in: area.row(0), into: &buffer)
      chart.chart(look).render(in: area.dropFirst(1), into: &buffer)
    }
    return buffer.styledLines
  }
}

extension Buffer {
  /// The rows as text with its styles, without what is blank at their ends.
  var styledLines: [Line] {
    (0..<size.height).map { y in
      var spans: [Span] = []
      for x in 0..<size.width where self[x, y].width > 0 {
        let cell = self[x, y]
        if spans.last?.style != cell.style { spans.append(Span("", cell.style)) }
        spans[spans.count - 1].text.unicodeScalars.append(contentsOf: cell.scalars)
      }
      while let last = spans.last, last.style == .standard {
        let text = last.text.unicodeScalars.reversed().drop { $0 == " " }.reversed()
        guard text.isEmpty else {
          spans[spans.count - 1].text = String(String.UnicodeScalarView(text))
          break
        }
        spans.removeLast()
      }
      return Line(spans)
    }
  }
}
