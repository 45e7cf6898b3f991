// Everything known about a worker: its columns, what each unit serves, the contexts on its stack, the
// connections that are out.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds everything about a worker: what is wrong first.
  mutating func worker(_ row: WorkerRow) {
    let state = row.condition.state
    let server = [row.worker.server.kind, row.worker.server.model].filter { !$0.isEmpty }.joined(separator: " ")
    heading("worker \(row.worker.pid)  \(server)")
    let mark = state.mark(look)
    line([Span("  "), mark, Span(" \(state.rawValue)", mark.style), Span(": \(state.meaning)", look[.dim])])
    units(of: row)
    connections(of: row)
    columns(of: row, in: .workers, but: ["now", "state"])
    runtime(of: row.worker)
  }

  /// Adds what each unit of a worker does, with the contexts on its stack.
  private mutating func units(of row: WorkerRow) {
    heading("Units: what each is serving")
    let worker = row.worker
    if worker.units.isEmpty { text("none has had an event yet", .dim) }
    for (index, unit) in worker.units.enumerated() {
      line(summary(of: unit, now: row.now))
      // The contexts of a request that is being served are as they should be.
      for (place, context) in unit.contexts.enumerated() {
        let state = row.condition.state(ofContext: place, onUnit: index, in: worker)
        if state == .live, let request = unit.request, context.request == request.serial { continue }
        line(summary(of: context, state, now: row.now))
      }
    }
  }

  private func summary(of unit: Unit, now: UInt64) -> [Span] {
    var spans = [Span("  \(unit.kind.name) \(unit.id)".padded(to: 11), look[unit.isGone ? .dim : .value])]
    if let request = unit.request {
      let age = Format.duration(Moment.between(request.started, now))
      let streaming = request.isStreaming ? " streaming" : ""
      spans.append(Span("  \(request.label.text) \(age)\(streaming)", look[.busy]))
    } else {
      spans.append(Span(unit.isGone ? "  gone" : "  idle", look[.dim]))
    }
    spans.append(Span("  app \(unit.appDepth) req \(unit.requestDepth)", look[.dim]))
    if unit.reused > 0 { spans.append(Span("  reused \(unit.reused)", look[.warning])) }
    if !unit.name.isEmpty { spans.append(Span("  \(unit.name)", look[.dim])) }
    return spans
  }

  private func summary(of context: Context, _ state: ContextState, now: UInt64) -> [Span] {
    let kind = context.kind == .app ? "app" : "request"
    let owner = context.label.map { " of \($0.text)" } ?? (context.request == 0 ? " outside of any request" : "")
    let frame = context.frame.isEmpty ? "" : " at \(context.frame)"
    let what = "\(kind) context\(owner)\(frame)"
    guard state == .leaked || state == .reused else {
      let age = Format.age(Moment.between(context.pushed, now))
      return [Span("      \(what), \(context.isPreserved ? "preserved" : "pushed") \(age) ago", look[.dim])]
    }
    let age = Format.age(Moment.between(context.left ?? context.pushed, now))
    let outcome = state == .reused ? "reused" : "left behind"
    let requests = Format.count(context.served, "request has", "requests have")
    let served = context.served == 0 ? "" : "; \(requests) run on it since"
    let mark = StateLevel.critical.mark(look)
    return [Span("    "), mark, Span(" \(what), \(outcome) \(age) ago\(served)", mark.style)]
  }

  /// Adds the connections of a worker, those that are out first, and the engines that opened them.
  private mutating func connections(of row: WorkerRow) {
    let worker = row.worker
    guard !worker.connections.isEmpty || !worker.engines.isEmpty else { return }
    heading("Connections")
    let out = worker.connections.indices.filter { worker.connections[$0].state != .idle }
      .sorted { worker.connections[$0].since < worker.connections[$1].since }
    for index in out {
      let state = row.condition.state(ofConnection: index, in: worker)
      line(summary(of: worker.connections[index], state, in: worker, now: row.now))
    }
    let idle = worker.connections.count - out.count
    if idle > 0 { text("\(idle) idle in their pool", .dim) }
    for engine in worker.engines {
      let pool = engine.poolSize.map { "pool \($0)" } ?? "no pool size"
      let overflow = engine.overflow.map { $0 < 0 ? ", any overflow" : ", overflow \($0)" } ?? ""
      text("\(engine.url)  \(pool)\(overflow)", .dim)
    }
  }

  private static func name(ofUnit id: Int, in worker: Worker) -> String {
    let kind = worker.units.first { $0.id == id }?.kind ?? .thread
    return "\(kind.name) \(id)"
  }

  private func summary(
    of connection: Connection, _ state: JudgedConnectionState, in worker: Worker, now: UInt64
  ) -> [Span] {
    let age = Format.age(Moment.between(connection.since, now))
    var text = "#\(connection.id) \(state.text) \(age)"
    if let holder = connection.holder {
      if let unit = holder.unit { text += " by \(Self.name(ofUnit: unit, in: worker))" }
      text += holder.label.map { ", \($0.text)" } ?? ", outside of any request"
      if !holder.frame.isEmpty { text += " at \(holder.frame)" }
    }
    if let backend = connection.backendPID { text += "  backend \(backend)" }
    let role: Role = state == .leaked ? .critical : state == .checkedOut ? .text : .warning
    return [Span("  "), Span(text, look[role])]
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
      text("\(worker.counters.dropped.total) events were counted but not described: a table was full", .warning)
    }
    if worker.unstable > 0 {
      text("\(worker.unstable) records were being written and are not shown", .warning)
    }
  }
}

extension JudgedConnectionState {
  /// What it is called.
  fileprivate var text: String {
    switch self {
    case .idle: "idle"
    case .checkedOut: "checked out"
    case .leaked: "leaked, checked out"
    case .detached: "detached"
    case .inherited: "inherited"
    }
  }
}
