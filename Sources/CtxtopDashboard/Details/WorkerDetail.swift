// Everything known about a worker: what is wrong, what each unit serves, what is held, its numbers, the process.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Units that are listed one by one; of more, the others are counted.
  private static let unitLimit = 64

  /// Adds everything about a worker.
  mutating func worker(_ row: WorkerRow, _ verdicts: [Verdict], _ charts: [NumberChart]) {
    let server = [row.worker.server.kind, row.worker.server.model, row.worker.server.version].filter { !$0.isEmpty }
    heading("\(row.worker.fullName)  \(server.joined(separator: " "))")
    self.verdicts(verdicts)
    let state = row.condition.state
    let mark = state.mark(look)
    line([Span("  "), mark, Span(" \(state.rawValue)", mark.style), Span(": \(state.meaning)", look[.dim])])
    units(of: row)
    holdings(of: row)
    self.charts(charts)
    leftovers(of: row)
    actions(of: row.worker.target, in: row.model.now)
    columns(of: row, in: .workers, but: ["now", "state", "pid"])
    process(of: row)
    runtime(of: row.worker)
  }

  /// Adds what each unit of a worker does, those that do something first, with the contexts that are not as they
  /// should be.
  private mutating func units(of row: WorkerRow) {
    heading("Units: what each is serving")
    let rows = row.model.unitRows(ofWorker: row.index)
    if rows.isEmpty { text("none has had an event yet", .dim) }
    let active = rows.filter { $0.state.level > .quiet }
    let quiet = rows.filter { $0.state.level <= .quiet }
    for unit in (active + quiet).prefix(Self.unitLimit) {
      line(summary(of: unit))
      for place in unit.unit.contexts.indices.reversed() {
        let context = ContextRow(row.model, worker: row.index, unit: unit.index, context: place)
        // The contexts of a request that is being served are as they should be.
        if context.state == .live, let request = unit.unit.request, context.context.request == request.serial {
          continue
        }
        marked(context.shownState.level, summary(of: context), indent: 4)
      }
    }
    if rows.count > Self.unitLimit { text("and \(rows.count - Self.unitLimit) more, in view 2", .dim) }
  }

  private func summary(of row: UnitRow) -> [Span] {
    let unit = row.unit
    let mark = row.state.level.mark(look)
    var spans = [Span("  "), mark, Span(" " + row.shortName.padded(to: 10), look[unit.isGone ? .dim : .value])]
    if let request = unit.request {
      let streaming = request.isStreaming ? " streaming" : ""
      let age = Format.duration(row.requestAge ?? 0)
      spans.append(Span(" \(Format.cleaned(request.label.text)) \(age)\(streaming)", look[.busy]))
    } else {
      spans.append(Span(" \(row.state.rawValue)", look[row.state.level >= .warning ? row.state.level.role : .dim]))
    }
    spans.append(Span("  app \(unit.appDepth) req \(unit.requestDepth)", look[.dim]))
    if unit.reused > 0 { spans.append(Span("  reused \(unit.reused)", look[.warning])) }
    if !unit.name.isEmpty { spans.append(Span("  \(Format.cleaned(unit.name))", look[.dim])) }
    return spans
  }

  /// Adds what is out, the oldest first, and the engines.
  private mutating func holdings(of row: WorkerRow) {
    let worker = row.worker
    let held = row.model.heldRows(ofWorker: row.index)
    guard !held.isEmpty || !worker.connections.isEmpty || !worker.engines.isEmpty else { return }
    heading("Connections, sessions and locks: who holds what")
    for row in held { marked(row.state.level, summary(of: row)) }
    let idle = worker.connections.count { $0.state == .idle }
    if idle > 0 { text("  \(Format.count(UInt64(idle), "connection", "connections")) idle in their pool", .dim) }
    for engine in worker.engines { text("  " + describe(engine), .dim) }
  }

  /// Adds what was left behind, raised or vanished in it, and what is dangerous in its settings.
  private mutating func leftovers(of row: WorkerRow) {
    let worker = row.worker
    if !worker.failures.isEmpty {
      heading("Teardown functions that raised")
      for failure in worker.failures {
        marked(
          .warning,
          "\(failure.function): \(failure.exception) x\(failure.count), tearing down "
            + (failure.label?.text ?? "work outside of a request"))
      }
    }
    if !worker.vanished.isEmpty {
      heading("Contexts that went without their teardown")
      for vanished in worker.vanished {
        let place = vanished.frame.isEmpty ? "" : " at \(vanished.frame)"
        let who = vanished.label?.text ?? "work outside of a request"
        marked(.warning, "\(vanished.kind == .app ? "app" : "request") context of \(who)\(place) x\(vanished.count)")
      }
    }
    if !worker.hazards.isEmpty {
      heading("Hazards")
      for hazard in worker.hazards { marked(.notice, "\(hazard.code): \(hazard.message)") }
    }
  }

  /// Adds what clients asked to be done to the workers of the app, the latest first.
  private mutating func actions(of target: String?, in snapshot: Snapshot) {
    let actions = snapshot.actions.filter { $0.target == nil || $0.target == target }
    if actions.isEmpty { return }
    heading("Replacements that were asked for, in all workers" + (target.map { " of \($0)" } ?? ""))
    for action in actions.reversed() {
      let level: StateLevel = action.outcome == .accepted ? .quiet : .notice
      marked(level, "\(moment(action.time, now: snapshot.wallTime) ?? "at an unknown time"): \(action.sentence)")
    }
    // How many there were of each target is not known.
    if target != nil { return }
    let left = snapshot.actionCounts.accepted &+ snapshot.actionCounts.refused &- UInt64(snapshot.actions.count)
    if left > 0, left < 1 << 62 { text("and \(left) more before these", .dim) }
  }

  /// Adds what is known of the process.
  private mutating func process(of row: WorkerRow) {
    let worker = row.worker
    let snapshot = row.model.now
    heading("Process")
    field("target", worker.target)
    field("started", moment(worker.started, now: snapshot.wallTime))
    field("attached", moment(worker.attached, in: snapshot))
    field("last sign of life", moment(max(worker.heartbeat, worker.attached), in: snapshot))
    field("last event", worker.lastEvent.flatMap { moment($0, in: snapshot) })
    field("drains since", worker.draining.flatMap { moment($0, in: snapshot) }, .notice)
    let shape = [
      worker.server.workers.map { Format.count(UInt64(max(0, $0)), "worker", "workers") },
      worker.server.threads.map { Format.count(UInt64(max(0, $0)), "thread each", "threads each") },
    ]
    field("server", shape.compactMap { $0 }.joined(separator: ", "))
    field("slot", "\(worker.ownSlot), tenant \(worker.generation)")
  }

  /// Adds what runs in a worker, and what could not be described.
  private mutating func runtime(of worker: Worker) {
    heading("Runtime")
    let runtime = worker.runtime
    let versions = [
      ("python", runtime.python), ("flask", runtime.flask), ("werkzeug", runtime.werkzeug),
      ("sqlalchemy", runtime.sqlalchemy), ("agent", runtime.agent),
    ]
    text(versions.filter { !$0.1.isEmpty }.map { "\($0.0) \($0.1)" }.joined(separator: "  "))
    if worker.counters.dropped.total > 0 {
      marked(.warning, "\(worker.counters.dropped.total) events were counted but not described: a table was full")
    }
    if worker.unstable > 0 { marked(.warning, "\(worker.unstable) records were being written and are not shown") }
  }
}
