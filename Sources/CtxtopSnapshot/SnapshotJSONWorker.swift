// One worker of a snapshot as JSON, with its units, contexts, connections, engines and failures.

extension SnapshotJSON {
  static func worker(
    _ worker: Worker, in snapshot: Snapshot, _ judged: JudgedWorker?, _ json: inout JSONWriter
  ) {
    json.openObject()
    identity(worker, judged, &json)
    counts(worker, judged, &json)
    condition(worker, in: snapshot, judged, &json)
    array("units", worker.units, &json) { index, unit, json in
      self.unit(unit, in: snapshot, element(judged?.units, index), &json)
    }
    contexts(worker, in: snapshot, judged, &json)
    array("connections", worker.connections, &json) { index, connection, json in
      self.connection(connection, of: worker, in: snapshot, element(judged?.connections, index), &json)
    }
    array("failures", worker.failures, &json) { _, failure, json in self.failure(failure, &json) }
    array("engines", worker.engines, &json) { index, engine, json in
      self.engine(engine, index, of: worker, &json)
    }
    leftovers(worker, in: snapshot, &json)
    json.closeObject()
  }

  private static func identity(_ worker: Worker, _ judged: JudgedWorker?, _ json: inout JSONWriter) {
    json.number("number", worker.number)
    json.number("pid", Int(worker.pid))
    json.number("slot", worker.slot)
    json.number("generation", worker.generation)
    json.number("instance", worker.instance)
    json.string("state", judged?.state)
    switch worker.liveness {
    case .unknown: json.null("liveness")
    case .alive: json.word("liveness", "alive")
    case .dead: json.word("liveness", "dead")
    case .exited: json.word("liveness", "exited")
    }
    json.time("started", worker.started)
  }

  private static func counts(_ worker: Worker, _ judged: JudgedWorker?, _ json: inout JSONWriter) {
    let counters = worker.counters
    json.number("requests", counters.requests)
    json.number("in_flight", worker.inFlight)
    json.number("exceptions", counters.exceptions)
    json.openObject("depth")
    json.number("app", worker.appDepth)
    json.number("app_max", counters.appDepthMax)
    json.number("request", worker.requestDepth)
    json.number("request_max", counters.requestDepthMax)
    json.closeObject()
    json.number("contexts_pushed", counters.contextsPushed)
    json.number("contexts_leaked", judged?.leaked ?? counters.contextsLeaked)
    json.number("contexts_reused", counters.contextsReused)
    json.number("connections_open", worker.connectionsOpen)
    json.number("connections_checked_out", worker.connectionsCheckedOut)
    json.number("teardown_failures", counters.teardownFailures)
    json.number("contexts_vanished", counters.contextsVanished)
    json.number("orphan_sessions", worker.orphanSessions)
    json.number("events_dropped", counters.dropped.total)
    json.number("records_unstable", worker.unstable)
  }

  private static func condition(
    _ worker: Worker, in snapshot: Snapshot, _ judged: JudgedWorker?, _ json: inout JSONWriter
  ) {
    let latency = worker.latency
    json.openObject("latency_ms")
    json.milliseconds("p50", latency.quantile(0.5))
    json.milliseconds("p99", latency.quantile(0.99))
    json.milliseconds("max", latency.longest > 0 ? latency.longest : nil)
    json.closeObject()
    json.number("rss_bytes", worker.kernel?.residentBytes)
    json.percent("cpu_percent", judged?.cpuPercent)
    if let state = worker.kernel?.state, state >= 0x20, state < 0x7F {
      json.string("kernel_state", String(UnicodeScalar(state)))
    } else {
      json.null("kernel_state")
    }
    json.number("listen_queue", worker.kernel?.listenQueue)
    json.milliseconds("last_event_ms", worker.lastEvent.map { snapshot.age(of: $0) })
  }

  private static func unit(_ unit: Unit, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter) {
    json.openObject()
    json.number("id", unit.id)
    switch unit.kind {
    case .thread: json.word("kind", "thread")
    case .greenlet: json.word("kind", "greenlet")
    case .task: json.word("kind", "task")
    }
    json.known("name", unit.name)
    json.string("state", state)
    json.openObject("depth")
    json.number("app", unit.appDepth)
    json.number("request", unit.requestDepth)
    json.closeObject()
    json.number("requests", unit.requests)
    json.number("reused", unit.reused)
    json.key("request")
    request(of: unit, in: snapshot, &json)
    json.closeObject()
  }

  private static func request(of unit: Unit, in snapshot: Snapshot, _ json: inout JSONWriter) {
    guard let request = unit.request else { return json.null() }
    json.openObject()
    label(request.label, &json)
    json.milliseconds("age_ms", snapshot.age(of: request.started))
    json.bool("streaming", request.isStreaming)
    json.number("context", unit.contexts.last { $0.request == request.serial }?.serial)
    json.closeObject()
  }

  private static func contexts(
    _ worker: Worker, in snapshot: Snapshot, _ judged: JudgedWorker?, _ json: inout JSONWriter
  ) {
    json.openArray("contexts")
    for unit in worker.units.indices {
      let states = element(judged?.contexts, unit)
      let contexts = worker.units[unit].contexts
      for index in contexts.indices {
        self.context(contexts[index], of: worker.units[unit].id, in: snapshot, element(states, index), &json)
      }
    }
    json.closeArray()
  }

  private static func context(
    _ context: Context, of unit: Int, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter
  ) {
    json.openObject()
    json.number("id", context.serial)
    switch context.kind {
    case .app: json.word("kind", "app")
    case .request: json.word("kind", "request")
    }
    json.number("unit", unit)
    json.string("state", state)
    json.milliseconds("age_ms", snapshot.age(of: context.pushed))
    label(context.label, &json)
    json.known("frame", context.frame)
    json.number("requests_served", context.served)
    json.closeObject()
  }

  private static func connection(
    _ connection: Connection, of worker: Worker, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter
  ) {
    json.openObject()
    json.number("id", connection.id)
    json.string("engine", element(worker.engines, connection.engine ?? -1)?.url)
    json.number("backend_pid", connection.backendPID.map(Int.init))
    if let state {
      json.string("state", state)
    } else {
      switch connection.state {
      case .idle: json.word("state", "idle")
      case .checkedOut: json.word("state", "checked_out")
      case .detached: json.word("state", "detached")
      case .inherited: json.word("state", "inherited")
      }
    }
    json.milliseconds("age_ms", snapshot.age(of: connection.since))
    json.key("holder")
    holder(connection.holder, &json)
    json.closeObject()
  }

  static func holder(_ holder: Holder?, _ json: inout JSONWriter) {
    guard let holder else { return json.null() }
    json.openObject()
    json.number("context", holder.context == 0 ? nil : holder.context)
    json.number("unit", holder.unit)
    label(holder.label, &json)
    json.known("frame", holder.frame)
    json.closeObject()
  }

  private static func engine(_ engine: Engine, _ index: Int, of worker: Worker, _ json: inout JSONWriter) {
    var open = 0
    var checkedOut = 0
    for place in worker.connections.indices where worker.connections[place].engine == index {
      open &+= 1
      if worker.connections[place].state == .checkedOut { checkedOut &+= 1 }
    }
    json.openObject()
    json.known("url", engine.url)
    json.number("pool_size", engine.poolSize)
    json.number("overflow", engine.overflow)
    json.milliseconds("timeout", engine.timeout.map { $0 &* 1_000_000 })
    json.number("open", open)
    json.number("checked_out", checkedOut)
    json.closeObject()
  }

  private static func failure(_ failure: TeardownFailure, _ json: inout JSONWriter) {
    json.openObject()
    json.known("function", failure.function)
    json.known("location", failure.location)
    switch failure.kind {
    case .app: json.word("kind", "appcontext")
    case .request: json.word("kind", "request")
    }
    json.string("blueprint", failure.blueprint)
    json.known("exception", failure.exception)
    json.known("message", failure.message)
    label(failure.label, &json)
    json.number("unit", failure.unit)
    json.number("count", failure.count)
    json.time("first", failure.first)
    json.time("last", failure.last)
    json.openArray("skipped")
    for name in failure.skipped { json.string(name) }
    json.closeArray()
    json.known("traceback", failure.traceback)
    json.closeObject()
  }

  static func label(_ label: RequestLabel?, _ json: inout JSONWriter) {
    json.known("method", label?.method)
    json.string("endpoint", label?.endpoint)
    json.string("rule", label?.rule)
  }

  static func array<Element>(
    _ name: StaticString, _ elements: [Element], _ json: inout JSONWriter,
    _ write: (Int, Element, inout JSONWriter) -> Void
  ) {
    json.openArray(name)
    for index in elements.indices { write(index, elements[index], &json) }
    json.closeArray()
  }

  private static func element<Element>(_ elements: [Element]?, _ index: Int) -> Element? {
    guard let elements, index >= 0, index < elements.count else { return nil }
    return elements[index]
  }
}
