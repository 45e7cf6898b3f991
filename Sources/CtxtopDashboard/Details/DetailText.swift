// Pieces that the detail panels are made of.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// Lines of a detail panel, as they are put together.
struct DetailText {
  /// The lines so far.
  private(set) var lines: [Line] = []
  /// How it looks.
  let look: Look

  /// No lines.
  init(look: Look) {
    self.look = look
  }

  /// Adds a heading, after an empty line unless it is the first.
  mutating func heading(_ text: String) {
    if !lines.isEmpty { lines.append(Line()) }
    lines.append(Line([Span(text, look[.title])]))
  }

  /// Adds a line that begins with a name.
  mutating func field(_ name: String, _ value: String, _ role: Role = .text) {
    lines.append(Line([Span("  \(name)".padded(to: 18), look[.dim]), Span(" "), Span(value, look[role])]))
  }

  /// Adds a line of text.
  mutating func text(_ text: String, _ role: Role = .text) {
    lines.append(Line([Span("  " + text, look[role])]))
  }

  /// Adds a line of several styles.
  mutating func line(_ spans: [Span]) {
    lines.append(Line(spans))
  }
}

extension DetailText {
  /// Adds all columns of a row that say something, with what they mean.
  mutating func columns<Row>(of row: Row, in table: CtxtopModel.Table<Row>, but left: [String] = []) {
    heading("Numbers")
    for column in table.columns where !left.contains(column.id) {
      let cell = column.span(of: row, isPast: false, look: look)
      line([
        Span("  \(column.title)".padded(to: 12), look[.dim]), Span(cell.text.aligned(to: 8), cell.style),
        Span("  \(column.description)", look[.dim]),
      ])
    }
  }
}

/// Times as people say them.
enum Moment {
  /// The time from one moment to a later one on the same clock, 0 when it is not later.
  static func between(_ earlier: UInt64, _ later: UInt64) -> UInt64 { later > earlier ? later - earlier : 0 }

  /// A wall time as `09:04:12 UTC`: nobody has told the screen a time zone.
  static func text(wallTime: UInt64) -> String {
    let seconds = wallTime / 1_000_000_000 % 86_400
    return [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { "\($0)".count < 2 ? "0\($0)" : "\($0)" }
      .joined(separator: ":") + " UTC"
  }
}
