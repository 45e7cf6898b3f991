// Pieces that the detail panels are made of.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// Lines of a detail panel, as they are put together.
struct DetailText {
  /// The lines so far.
  private(set) var lines: [Line] = []
  /// Columns of the screen that a line has.
  let width: Int
  /// How it looks.
  let look: Look

  /// No lines.
  init(width: Int, look: Look) {
    self.width = width
    self.look = look
  }

  /// Adds a heading, after an empty line unless it is the first.
  mutating func heading(_ text: String) {
    if !lines.isEmpty { lines.append(Line()) }
    lines.append(Line([Span(Format.cleaned(text), look[.title])]))
  }

  /// Adds a line that begins with a name; nil and an empty text add nothing.
  mutating func field(_ name: String, _ value: String?, _ role: Role = .text) {
    guard let value, !value.isEmpty else { return }
    lines.append(
      Line([Span("  \(name)".padded(to: 17), look[.dim]), Span(" "), Span(Format.cleaned(value), look[role])]))
  }

  /// Adds a line of text.
  mutating func text(_ text: String, _ role: Role = .text) {
    lines.append(Line([Span("  " + Format.cleaned(text), look[role])]))
  }

  /// Adds a line of several styles.
  mutating func line(_ spans: [Span]) {
    lines.append(Line(spans))
  }

  /// Adds lines that are ready.
  mutating func add(_ more: [Line]) {
    lines += more
  }

  /// Adds a line with a sign before it.
  mutating func marked(_ level: StateLevel, _ text: String, indent: Int = 2) {
    let mark = level.mark(look)
    let style = look[level >= .warning ? level.role : .text]
    line([Span(String(repeating: " ", count: indent)), mark, Span(" " + Format.cleaned(text), style)])
  }
}

extension DetailText {
  /// Adds all columns of a row that say something, with what they mean: in two columns where there is room.
  mutating func columns<Row>(of row: Row, in table: CtxtopModel.Table<Row>, but left: [String] = []) {
    heading("Numbers")
    // Whose the row is stands elsewhere.
    let shown = table.columns.filter { !left.contains($0.id) && $0.presence != .several }
    let titles = shown.map { DisplayWidth.of($0.title) }.max() ?? 0
    for column in shown {
      let cell = column.span(of: row, isPast: false, look: look)
      line([
        Span("  " + column.title.padded(to: titles + 1), look[.dim]), Span(cell.text.aligned(to: 9), cell.style),
        Span("  \(column.description)", look[.dim]),
      ])
    }
  }

  /// Adds a state with what it means.
  mutating func state(_ name: String, _ level: StateLevel, _ meaning: String) {
    let mark = level.mark(look)
    line([Span("  "), mark, Span(" \(name)", mark.style), Span(": \(meaning)", look[.dim])])
  }

  /// Adds the verdicts that are about what the detail shows, the worst first.
  mutating func verdicts(_ verdicts: [Verdict], limit: Int = 4) {
    for verdict in verdicts.prefix(limit) {
      let mark = verdict.severity.level.mark(look)
      line([
        Span("  "), mark, Span(" \(verdict.code.rawValue) ", mark.style),
        Span(Format.cleaned(verdict.message), look[.value]),
      ])
    }
    if verdicts.count > limit { text("  +\(verdicts.count - limit) more, in view 6", .dim) }
  }

  /// `09:04:12 UTC, 4m12s ago` of a wall time; nil: it is not known.
  func moment(_ time: UInt64, now: UInt64) -> String? {
    time > 0 ? "\(Moment.text(wallTime: time)), \(Format.age(Moment.between(time, now))) ago" : nil
  }

  /// The same of a time of the serving host's monotonic clock.
  func moment(_ time: UInt64, in snapshot: Snapshot) -> String? {
    time > 0 ? moment(snapshot.wallTime(of: time), now: snapshot.wallTime) : nil
  }
}
