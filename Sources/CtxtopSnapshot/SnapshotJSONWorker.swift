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
    for name: StaticString in ["sessions", "resources", "hazards"] {
      json.key(name)
      json.openArray()
      json.closeArray()
    }
    json.closeObject()
  }

  private static func identity(_ worker: Worker, _ judged: JudgedWorker?, _ json: inout JSONWriter) {
    json.key("number")
    json.number(worker.number)
    json.key("pid")
    json.number(Int(worker.pid))
    json.key("slot")
    json.number(worker.slot)
    json.key("generation")
    json.number(worker.generation)
    json.key("instance")
    json.number(worker.instance)
    json.key("state")
    json.string(judged?.state)
    json.key("liveness")
    switch worker.liveness {
    case .unknown: json.null()
    case .alive: json.word("alive")
    case .dead: json.word("dead")
    case .exited: json.word("exited")
    }
    json.key("started")
    json.time(worker.started)
  }

  private static func counts(_ worker: Worker, _ judged: JudgedWorker?, _ json: inout JSONWriter) {
    let counters = worker.counters
    json.key("requests")
    json.number(counters.requests)
    json.key("in_flight")
    json.number(worker.inFlight)
    json.key("exceptions")
    json.number(counters.exceptions)
    json.key("depth")
    json.openObject()
    json.key("app")
    json.number(worker.appDepth)
    json.key("app_max")
    json.number(counters.appDepthMax)
    json.key("request")
    json.number(worker.requestDepth)
    json.key("request_max")
    json.number(counters.requestDepthMax)
    json.closeObject()
    json.key("contexts_pushed")
    json.number(counters.contextsPushed)
    json.key("contexts_leaked")
    json.number(judged?.leaked ?? counters.contextsLeaked)
    json.key("contexts_reused")
    json.number(counters.contextsReused)
    json.key("connections_open")
    json.number(worker.connectionsOpen)
    json.key("connections_checked_out")
    json.number(worker.connectionsCheckedOut)
    json.key("teardown_failures")
    json.number(counters.teardownFailures)
    json.key("orphan_sessions")
    json.null()
    json.key("events_dropped")
    json.number(counters.dropped.total)
    json.key("records_unstable")
    json.number(worker.unstable)
  }

  private static func condition(
    _ worker: Worker, in snapshot: Snapshot, _ judged: JudgedWorker?, _ json: inout JSONWriter
  ) {
    let latency = worker.latency
    json.key("latency_ms")
    json.openObject()
    json.key("p50")
    json.milliseconds(latency.quantile(0.5))
    json.key("p99")
    json.milliseconds(latency.quantile(0.99))
    json.key("max")
    json.milliseconds(latency.longest > 0 ? latency.longest : nil)
    json.closeObject()
    json.key("rss_bytes")
    json.number(worker.kernel?.residentBytes)
    json.key("cpu_percent")
    json.percent(judged?.cpuPercent)
    json.key("kernel_state")
    if let state = worker.kernel?.state, state >= 0x20, state < 0x7F {
      json.string(String(UnicodeScalar(state)))
    } else {
      json.null()
    }
    json.key("last_event_ms")
    json.milliseconds(worker.lastEvent.map { snapshot.age(of: $0) })
  }

  private static func unit(_ unit: Unit, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter) {
    json.openObject()
    json.key("id")
    json.number(unit.id)
    json.key("kind")
    switch unit.kind {
    case .thread: json.word("thread")
    case .greenlet: json.word("greenlet")
    case .task: json.word("task")
    }
    json.key("name")
    json.string(known(unit.name))
    json.key("state")
    json.string(state)
    json.key("depth")
    json.openObject()
    json.key("app")
    json.number(unit.appDepth)
    json.key("request")
    json.number(unit.requestDepth)
    json.closeObject()
    json.key("requests")
    json.number(unit.requests)
    json.key("reused")
    json.number(unit.reused)
    json.key("request")
    request(of: unit, in: snapshot, &json)
    json.closeObject()
  }

  private static func request(of unit: Unit, in snapshot: Snapshot, _ json: inout JSONWriter) {
    guard let request = unit.request else { return json.null() }
    json.openObject()
    label(request.label, &json)
    json.key("age_ms")
    json.milliseconds(snapshot.age(of: request.started))
    json.key("streaming")
    json.bool(request.isStreaming)
    json.key("context")
    json.number(unit.contexts.last { $0.request == request.serial }?.serial)
    json.closeObject()
  }

  private static func contexts(
    _ worker: Worker, in snapshot: Snapshot, _ judged: JudgedWorker?, _ json: inout JSONWriter
  ) {
    json.key("contexts")
    json.openArray()
    for (unitIndex, unit) in worker.units.enumerated() {
      let states = element(judged?.contexts, unitIndex)
      for (index, context) in unit.contexts.enumerated() {
        self.context(context, of: unit, in: snapshot, element(states, index), &json)
      }
    }
    json.closeArray()
  }

  private static func context(
    _ context: Context, of unit: Unit, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter
  ) {
    json.openObject()
    json.key("id")
    json.number(context.serial)
    json.key("kind")
    switch context.kind {
    case .app: json.word("app")
    case .request: json.word("request")
    }
    json.key("unit")
    json.number(unit.id)
    json.key("state")
    json.string(state)
    json.key("age_ms")
    json.milliseconds(snapshot.age(of: context.pushed))
    label(context.label, &json)
    json.key("frame")
    json.string(known(context.frame))
    json.key("requests_served")
    json.number(context.served)
    json.closeObject()
  }

  private static func connection(
    _ connection: Connection, of worker: Worker, in snapshot: Snapshot, _ state: String?, _ json: inout JSONWriter
  ) {
    json.openObject()
    json.key("id")
    json.number(connection.id)
    json.key("engine")
    json.string(element(worker.engines, connection.engine ?? -1)?.url)
    json.key("backend_pid")
    json.number(connection.backendPID.map(Int.init))
    json.key("state")
    if let state {
      json.string(state)
    } else {
      switch connection.state {
      case .idle: json.word("idle")
      case .checkedOut: json.word("checked_out")
      case .detached: json.word("detached")
      case .inherited: json.word("inherited")
      }
    }
    json.key("age_ms")
    json.milliseconds(snapshot.age(of: connection.since))
    json.key("holder")
    holder(connection.holder, &json)
    json.closeObject()
  }

  private static func holder(_ holder: Holder?, _ json: inout JSONWriter) {
    guard let holder else { return json.null() }
    json.openObject()
    json.key("context")
    json.number(holder.context == 0 ? nil : holder.context)
    json.key("unit")
    json.number(holder.unit)
    label(holder.label, &json)
    json.key("frame")
    json.string(known(holder.frame))
    json.closeObject()
  }

  private static func engine(_ engine: Engine, _ index: Int, of worker: Worker, _ json: inout JSONWriter) {
    var open = 0
    var checkedOut = 0
    for connection in worker.connections where connection.engine == index {
      open &+= 1
      if connection.state == .checkedOut { checkedOut &+= 1 }
    }
    json.openObject()
    json.key("url")
    json.string(known(engine.url))
    json.key("pool_size")
    json.number(engine.poolSize)
    json.key("overflow")
    json.number(engine.overflow)
    json.key("timeout")
    json.milliseconds(engine.timeout.map { $0 &* 1_000_000 })
    json.key("open")
    json.number(open)
    json.key("checked_out")
    json.number(checkedOut)
    json.closeObject()
  }

  private static func failure(_ failure: TeardownFailure, _ json: inout JSONWriter) {
    json.openObject()
    json.key("function")
    json.string(known(failure.function))
    json.key("location")
    json.string(known(failure.location))
    json.key("kind")
    switch failure.kind {
    case .app: json.word("appcontext")
    case .request: json.word("request")
    }
    json.key("blueprint")
    json.string(failure.blueprint)
    json.key("exception")
    json.string(known(failure.exception))
    json.key("message")
    json.string(failure.message)
    label(failure.label, &json)
    json.key("unit")
    json.number(failure.unit)
    json.key("count")
    json.number(failure.count)
    json.key("first")
    json.time(failure.first)
    json.key("last")
    json.time(failure.last)
    json.key("skipped")
    json.openArray()
    for name in failure.skipped { json.string(name) }
    json.closeArray()
    json.key("traceback")
    json.string(known(failure.traceback))
    json.closeObject()
  }

  private static func label(_ label: RequestLabel?, _ json: inout JSONWriter) {
    json.key("method")
    json.string(label.flatMap { known($0.method) })
    json.key("endpoint")
    json.string(label?.endpoint)
    json.key("rule")
    json.string(label?.rule)
  }

  private static func array<Element>(
    _ name: StaticString, _ elements: [Element], _ json: inout JSONWriter,
    _ write: (Int, Element, inout JSONWriter) -> Void
  ) {
    json.key(name)
    json.openArray()
    for (index, element) in elements.enumerated() { write(index, element, &json) }
    json.closeArray()
  }

  private static func element<Element>(_ elements: [Element]?, _ index: Int) -> Element? {
    guard let elements, index >= 0, index < elements.count else { return nil }
    return elements[index]
  }
}
