// The detail panel of a row: what is wrong with it first, then what it is, what hangs on it, how its numbers were,
// and at last everything else. Each kind of row has a file of its own.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// The detail panel's lines. What it shows may have left since it was opened.
  func detailText(of identity: RowIdentity) -> [Line] {
    var text = DetailText(width: panelContent.width, look: look)
    guard let seen = lastSeen, seen.identity == identity, let model else {
      text.text("it has left, and nothing is kept of it any more", .dim)
      return text.lines
    }
    if seen.model !== model, !model.has(identity), replay != nil {
      text.line([Span("\(look.shapes.warning) \(absence(of: seen, in: model))", look[.warning])])
      text.line([])
    } else if seen.model !== model, !model.has(identity) {
      let age = Format.age(Moment.between(seen.model.now.monotonicTime, model.now.monotonicTime))
      text.line([Span("\(look.shapes.warning) has left \(age) ago; this is its last state", look[.warning])])
      text.line([])
    }
    text.describe(identity, in: seen.model, charts: charts(of: seen))
    return text.lines
  }

  /// In a recording one may have come from before as well as from after.
  private func absence(of seen: LastSeen, in model: Model) -> String {
    let (then, now) = (seen.model.now.wallTime, model.now.wallTime)
    let age = Format.age(max(Moment.between(then, now), Moment.between(now, then)))
    return "not in this record; this is how it was \(age) \(then < now ? "earlier" : "later")"
  }

  /// The numbers of a row over time.
  private func charts(of seen: LastSeen) -> [NumberChart] {
    let isThere = model === seen.model
    // What was read before a jump is of another time.
    if replay != nil, !isThere { return [] }
    guard let series = isThere ? charts.series(of: seen.identity) ?? seen.series : seen.series else { return [] }
    // Since it left, nothing is known.
    let missed = isThere ? 0 : max(0, charts.timeline.recorded - seen.recorded)
    let gap = [Double?](repeating: nil, count: min(missed, Series.capacity))
    return RowNumbers.labels(of: seen.identity).enumerated().map { index, label in
      NumberChart(
        label: label, values: (series.values(of: index) + gap).suffix(Series.capacity), earlier: series.firstKept,
        timeline: charts.timeline, interval: pace)
    }
  }
}

extension DetailText {
  /// Adds everything about what a row shows.
  mutating func describe(_ identity: RowIdentity, in model: Model, charts: [NumberChart]) {
    let verdicts = model.verdicts(concerning: identity)
    switch identity {
    case .target:
      if let row = model.target(for: identity) { target(row, verdicts) }
    case .worker:
      if let row = model.worker(for: identity) { worker(row, verdicts, charts) }
    case .unit:
      if let row = model.unit(for: identity) { unit(row, verdicts, charts) }
    case .context:
      if let row = model.context(for: identity) { context(row, verdicts, charts) }
    case .connection, .session, .resource:
      if let row = model.holding(for: identity) { holding(row, verdicts, charts) }
    case .failure:
      if let row = model.failure(for: identity) { failure(row, verdicts, charts) }
    case .verdict:
      if let row = model.verdict(for: identity) { verdict(row, charts) }
    }
  }

  /// Adds charts, with since when there is something in them.
  mutating func charts(_ charts: [NumberChart]) {
    guard let first = charts.first, first.values.count > 1 else { return }
    let known = first.timeline.age(back: first.values.count - 1, interval: first.interval)
    heading("History since \(Format.age(known))")
    let grid = ChartGrid(charts: charts, width: max(0, width - 2))
    add(grid.lines(height: 6, look: look).map { Line([Span("  ")] + $0.spans) })
  }
}
