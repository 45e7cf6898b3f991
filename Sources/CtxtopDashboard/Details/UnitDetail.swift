// Everything known about a unit: what it serves, its stack, what it holds.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about a unit.
  mutating func unit(_ row: UnitRow, _ verdicts: [Verdict], _ charts: [NumberChart]) {
    let unit = row.unit
    heading(row.fullName + (unit.name.isEmpty ? "" : "  \(unit.name)"))
    self.verdicts(verdicts)
    state(row.state.rawValue, row.state.level, row.state.meaning)
    if let request = unit.request {
      let streaming = request.isStreaming ? ", streaming its response" : ""
      field("serves", request.label.text + streaming, .busy)
      field("for", Format.duration(row.requestAge ?? 0), .value)
      field("endpoint", request.label.endpoint)
      if unit.outermostRequest != 0 { field("inside of", "another request: the application called itself") }
    }
    stack(of: row)
    let serials = Set(unit.contexts.map(\.serial))
    let held = row.model.heldRows(ofWorker: row.workerIndex) {
      $0.holderUnit == row.index && !serials.contains($0.holder?.context ?? 0)
    }
    if !held.isEmpty {
      heading("Holds, from contexts that are not on its stack")
      for row in held { marked(row.state.level, summary(of: row)) }
    }
    self.charts(charts)
    columns(of: row, in: .units, but: ["state", "pid", "unit", "kind", "name", "request", "request_age"])
    field("last event", moment(unit.lastEvent, in: row.model.now))
  }

  /// Adds the stack as a stack: the top first, open above.
  mutating func stack(of row: UnitRow, marking chosen: Int? = nil) {
    heading("Stack, top first: app \(row.unit.appDepth), request \(row.unit.requestDepth)")
    let inner = max(0, width - 6)
    let contexts = row.unit.contexts.indices.map {
      ContextRow(row.model, worker: row.workerIndex, unit: row.index, context: $0)
    }
    let missing = row.unit.appDepth + row.unit.requestDepth - contexts.count
    if missing > 0 { floor(Span("? \(missing) more, not described", look[.dim]), inner) }
    if contexts.isEmpty, missing <= 0 { floor(Span("empty", look[.dim]), inner) }
    let held = Dictionary(grouping: row.model.heldRows(ofWorker: row.workerIndex)) { $0.holder?.context }
    for context in contexts.reversed() {
      let level = context.shownState.level
      let sign = context.index == chosen ? String(look.shapes.selection) : level.mark(look).text
      floor(
        Span("\(context.index + 1) \(sign) \(summary(of: context))", look[level >= .warning ? level.role : .text]),
        inner)
      for held in held[context.context.serial] ?? [] {
        let level = held.state.level
        let text = "    \(level.mark(look).text) holds \(summary(of: held))"
        floor(Span(text, look[level >= .warning ? level.role : .dim]), inner)
      }
    }
    let shapes = look.shapes
    let bottom = String(String.UnicodeScalarView(repeatElement(shapes.horizontal, count: inner + 2)))
    line([Span("  \(shapes.corners[2])\(bottom)\(shapes.corners[3])", look[.border])])
  }

  /// Adds a line between the walls of the stack.
  private mutating func floor(_ span: Span, _ inner: Int) {
    let wall = String(look.shapes.vertical)
    line(
      [Span("  \(wall) ", look[.border])] + span.fitted(to: inner, ellipsis: look.shapes.ellipsis)
        + [Span(" \(wall)", look[.border])])
  }

  /// `app context of GET /chat/<id>, left behind 4m12s ago; 41 requests have run on it since`.
  func summary(of row: ContextRow) -> String {
    let context = row.context
    let now = row.model.now
    let owner = context.label.map { " of \($0.text)" } ?? (context.request == 0 ? " outside of any request" : "")
    let frame = context.frame.isEmpty ? "" : " at \(context.frame)"
    let what = "\(row.kindName)\(owner)\(frame)"
    guard row.state == .leaked || row.state == .reused else {
      return "\(what), \(context.isPreserved ? "preserved" : "pushed") \(Format.age(now.age(of: context.pushed))) ago"
    }
    let age = Format.age(now.age(of: context.left ?? context.pushed))
    let requests = Format.count(context.served, "request has", "requests have")
    let served = context.served == 0 ? "" : "; \(requests) run on it since"
    return "\(what), \(row.state == .reused ? "reused" : "left behind") \(age) ago\(served)"
  }
}

extension Span {
  /// The text cut or filled up to a width on the screen.
  fileprivate func fitted(to width: Int, ellipsis: Unicode.Scalar) -> [Span] {
    let clean = Format.cleaned(text)
    guard DisplayWidth.of(clean) > width else { return [Span(clean.padded(to: width), style)] }
    var cut = String.UnicodeScalarView()
    var used = 0
    for scalar in clean.unicodeScalars {
      used += DisplayWidth.of(scalar)
      if used > width - 1 { break }
      cut.append(scalar)
    }
    return [Span((String(cut) + String(ellipsis)).padded(to: width), style)]
  }
}
