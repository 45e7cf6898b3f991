// A worker of a document, with its units and their contexts. JSON lists the contexts of all units together and says of
// each which unit it is on; sums stand for the counters that they were made from.

internal import CtxtopModel
import CtxtopSnapshot

extension DocumentObject {
  /// A worker; `now` is the snapshot's monotonic time. The document tells of the server once, for all of them.
  func worker(at now: UInt64, _ server: Server, _ runtime: Runtime) throws -> Worker {
    var worker = Worker(
      slot: try natural("slot"), generation: try count("generation"), pid: try processID("pid") ?? 0)
    worker.server = server
    worker.runtime = runtime
    worker.number = try integer("number")
    worker.instance = try count("instance")
    worker.started = try time("started")
    worker.liveness = try word("liveness", ["alive": .alive, "dead": .dead, "exited": .exited]) ?? .unknown
    worker.kernel = try kernel()
    worker.lastEvent = try moment("last_event_ms", before: now)
    worker.unstable = try natural("records_unstable")
    worker.latency = try object("latency_ms")?.latency() ?? LatencyHistogram()
    worker.units = try units(at: now)
    try takeHoldings(into: &worker, at: now)
    worker.failures = try objects("failures").map { try $0.failure() }
    worker.vanished = try objects("vanished").map { try $0.vanished() }
    worker.hazards = try objects("hazards").map {
      Hazard(code: try $0.text("code"), message: try $0.text("message"))
    }
    worker.counters = try counters(of: worker)
    return worker
  }

  private func kernel() throws -> KernelSample? {
    let state = try optionalText("kernel_state")
    let bytes = try optionalCount("rss_bytes")
    let queue = try optionalCount("listen_queue")
    if state == nil, bytes == nil, queue == nil { return nil }
    guard (state ?? "?").utf8.count == 1 else { throw wrong("kernel_state", .notA("a letter")) }
    return KernelSample(
      state: state?.utf8.first ?? 0, residentBytes: bytes ?? 0, cpuTime: 0, time: 0, listenQueue: queue)
  }

  private func latency() throws -> LatencyHistogram {
    LatencyHistogram(
      p50: try milliseconds("p50"), p99: try milliseconds("p99"), longest: try milliseconds("max"))
  }

  /// Counters of which the same sums are made again. Where more is in flight or open than is listed, something had no
  /// record: then the sums come from the counters, and say that events were dropped.
  private func counters(of worker: Worker) throws -> Counters {
    var counters = Counters()
    counters.requests = try count("requests")
    counters.exceptions = try count("exceptions")
    counters.contextsPushed = try count("contexts_pushed")
    counters.contextsReused = try count("contexts_reused")
    counters.teardownFailures = try count("teardown_failures")
    counters.contextsVanished = try count("contexts_vanished")
    counters.contextsLeaked = try count("contexts_leaked")
    let depth = try object("depth")
    counters.appDepthMax = try depth?.count("app_max") ?? 0
    counters.requestDepthMax = try depth?.count("request_max") ?? 0
    var dropped = try count("events_dropped")
    func drop(_ reason: WritableKeyPath<Dropped, UInt64>, _ count: UInt64) {
      counters.dropped[keyPath: reason] = min(count, dropped)
      dropped -= min(count, dropped)
    }
    let inFlight = try count("in_flight")
    counters.requestsEnded = counters.requests > inFlight ? counters.requests - inFlight : 0
    if inFlight > worker.units.count(where: { $0.request != nil }) { drop(\.units, 1) }
    counters.connectionsOpened = try count("connections_open")
    if counters.connectionsOpened > worker.connections.count { drop(\.holdings, 1) }
    drop(\.names, .max)
    return counters
  }

  // MARK: Units

  private func units(at now: UInt64) throws -> [Unit] {
    let objects = try objects("units")
    var units = try objects.map { try $0.unit(at: now) }
    let places = Dictionary(units.enumerated().map { ($1.id, $0) }) { first, _ in first }
    for object in try self.objects("contexts") {
      let unit = try object.natural("unit")
      guard let place = places[unit] else { throw object.wrong("unit", .leadsNowhere) }
      units[place].contexts.append(try object.context(at: now))
    }
    for (index, object) in objects.enumerated() {
      try object.object("request")?.takeRequest(into: &units[index], serial: UInt64(index) + 1, at: now)
    }
    return units
  }

  private func unit(at now: UInt64) throws -> Unit {
    var unit = Unit(id: try natural("id"))
    unit.kind = try word("kind", ["thread": .thread, "greenlet": .greenlet, "task": .task]) ?? .thread
    unit.name = try text("name")
    unit.isGone = try state("state", UnitState.self) == .gone
    let depth = try object("depth")
    unit.appDepth = try depth?.natural("app") ?? 0
    unit.requestDepth = try depth?.natural("request") ?? 0
    unit.requests = try count("requests")
    unit.reused = try count("reused")
    return unit
  }

  /// The serial number is not written: any will do that no other request of the worker has. The context that it pushed
  /// is.
  private func takeRequest(into unit: inout Unit, serial: UInt64, at now: UInt64) throws {
    unit.request = Request(
      serial: serial, label: try label() ?? RequestLabel(), started: try moment("age_ms", before: now) ?? 0,
      isStreaming: try flag("streaming"))
    guard let context = try optionalCount("context") else { return }
    guard let place = unit.contexts.lastIndex(where: { $0.serial == context }) else {
      throw wrong("context", .leadsNowhere)
    }
    unit.contexts[place].request = serial
  }

  private func context(at now: UInt64) throws -> Context {
    var context = Context(serial: try count("id"), kind: try contextKind())
    context.pushed = try moment("age_ms", before: now) ?? 0
    context.label = try label()
    context.frame = try text("frame")
    context.served = try count("requests_served")
    context.isPreserved = try state("state", ContextState.self) == .preserved
    return context
  }

  // MARK: What several have

  func contextKind() throws -> ContextKind { try word("kind", ["app": .app, "request": .request]) ?? .app }

  /// The request that the members `method`, `endpoint` and `rule` name; nil: they name none.
  func label() throws -> RequestLabel? {
    let method = try optionalText("method")
    let label = RequestLabel(
      method: method ?? "", endpoint: try optionalText("endpoint"), rule: try optionalText("rule"))
    return method == nil && label.endpoint == nil && label.rule == nil ? nil : label
  }
}
