// The row that shows where in a recording one is: since when something is wrong, where it began, where nothing is
// recorded. A click goes there.
//
//   09:00:00 ─────────────✗══════════▲════◆═════    ···    ───────── 21:00:00

import CtxtopModel
import CtxtopScreen

/// The time line of a recording, in a row of the screen.
struct TimeLine {
  /// What is in one column.
  enum Mark: Equatable {
    /// Time of which nothing is recorded.
    case gap
    /// Nothing is wrong.
    case calm
    /// Something is wrong, and was before.
    case wrong(StateLevel)
    /// Something begins to be wrong.
    case beginning(StateLevel)
  }

  /// Narrower, there are no times at the ends.
  private static let leastWithTimes = 50

  let outline: Outline
  /// The line itself.
  let area: Rect
  /// The row that it stands in.
  private let row: Rect
  private let times: (from: String, to: String)

  init(_ outline: Outline, in row: Rect) {
    self.outline = outline
    self.row = row
    let isLong = Moment.between(outline.first, outline.last) >= 86_400_000_000_000
    times = (
      Moment.label(wallTime: outline.first, withDate: isLong), Moment.label(wallTime: outline.last, withDate: isLong)
    )
    let margin = row.width >= Self.leastWithTimes ? times.from.count + 1 : 0
    area = Rect(x: row.x + margin, y: row.y, width: row.width - 2 * margin, height: row.height)
  }

  /// The records of a column, counted from the left edge of the line: those of its part of the time.
  func records(in column: Int) -> Range<Int> {
    guard outline.count > 0 else { return 0..<0 }
    let (low, high) = (start(of: column), start(of: column + 1))
    let isLast = column >= area.width - 1
    return outline.times.partitioned { $0 < low }..<(isLast ? outline.count : outline.times.partitioned { $0 < high })
  }

  /// Where a column's time begins.
  private func start(of column: Int) -> UInt64 {
    let width = UInt64(max(1, area.width))
    let whole = Moment.between(outline.first, outline.last)
    // The product of the two may have more than 64 bits, the quotient never has.
    let product = whole.multipliedFullWidth(by: min(UInt64(max(0, column)), width))
    return outline.first + width.dividingFullWidth(product).quotient
  }

  /// The column in which a record is.
  func column(of index: Int) -> Int {
    guard area.width > 1 else { return 0 }
    // As `records` says it, whatever rounding does.
    return (0..<area.width - 1).partitionPoint { start(of: $0 + 1) <= outline.times[index] }
  }

  /// What is in a column.
  func mark(in column: Int) -> Mark {
    let records = records(in: column)
    guard !records.isEmpty else {
      // Otherwise records are merely further apart than columns.
      return outline.gap(before: records.lowerBound) != nil
        ? .gap : stands(outline.level(in: max(0, records.lowerBound - 1)..<records.lowerBound))
    }
    if let finding = outline.finding(in: records) { return .beginning(finding.level) }
    return stands(outline.level(in: records))
  }

  private func stands(_ level: StateLevel) -> Mark { level >= .warning ? .wrong(level) : .calm }

  /// The record that a click on a column means: where something begins, that one.
  func record(at column: Int) -> Int {
    let records = records(in: column)
    if let finding = outline.finding(in: records) { return finding.index }
    if column >= area.width - 1 { return max(0, outline.count - 1) }
    return min(records.lowerBound, max(0, outline.count - 1))
  }

  /// Draws the line with the shown record in it.
  func render(position: Int, look: Look, into buffer: inout Buffer) {
    if area.x > row.x {
      buffer.put(times.from, at: row.origin, look[.dim], in: row)
      buffer.put(times.to, at: Position(x: area.maxX + 1, y: row.y), look[.dim], in: row)
    }
    for column in 0..<area.width {
      let span = mark(in: column).span(look)
      buffer.put(span.text, at: Position(x: area.x + column, y: area.y), span.style, in: area)
    }
    let place = Position(x: area.x + column(of: position), y: area.y)
    buffer.put(String(look.shapes.position), at: place, look[.selected], in: area)
  }
}

extension TimeLine.Mark {
  fileprivate func span(_ look: Look) -> Span {
    switch self {
    case .gap: Span(String(look.shapes.gap), look[.dim])
    case .calm: Span(String(look.shapes.horizontal), look[.border])
    case .wrong(let level): Span(String(look.shapes.doubled), look[level.role])
    case .beginning(let level): level.mark(look)
    }
  }
}

extension Range<Int> {
  /// How many numbers at its beginning are so; behind them none may be.
  fileprivate func partitionPoint(_ isBefore: (Int) -> Bool) -> Int {
    var (low, high) = (lowerBound, upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if isBefore(middle) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

extension State {
  /// The time line of the recording; nil: there is none on the screen.
  var timeLine: TimeLine? {
    guard let replay, replay.outline.count > 0 else { return nil }
    let row = margin(layout.timeLine)
    return row.isEmpty ? nil : TimeLine(replay.outline, in: row)
  }

  /// Draws the time line.
  func renderTimeLine(into buffer: inout Buffer) {
    guard let position = replay?.position else { return }
    timeLine?.render(position: position, look: look, into: &buffer)
  }
}
