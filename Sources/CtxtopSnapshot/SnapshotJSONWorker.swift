// One worker of a record as JSON, with all that hangs on it.

extension SnapshotJSON {
  /// The members of a worker's object.
  @inline(never)
  static func worker(
    _ worker: WorkerFields, _ sums: RecordSums, _ judged: JudgedWorker?, _ printer: inout FieldPrinter
  ) {
    printer.use(strings: worker.strings)
    #if !hasFeature(Embedded)
      if let target = judged?.target { printer.json.string("target", target) }
    #endif
    var identity = worker.identity
    printer.print(RecordSchema.identity, &identity)
    printer.json.string("state", judged?.state)
    let start = printer.json.count
    pulse(worker.pulse, &printer)
    printer.moment(from: start, time: 0)
    var counters = worker.counters
    printer.print(RecordSchema.counters, &counters)
    sums.printWorker(&printer.json, leaked: judged?.leaked)
    printer.json.number("orphan_sessions", sums.orphans)
    printer.json.number("records_unstable", worker.unstable)
    latency(worker.latency, &printer.json)
    printer.json.percent("cpu_percent", judged?.cpuPercent)
    var lastEvent = worker.lastEvent
    printer.print(RecordSchema.lastEvent, &lastEvent)
    lists(worker, judged, &printer)
  }

  static func pulse(_ pulse: FieldCursor, _ printer: inout FieldPrinter) {
    var pulse = pulse
    printer.print(RecordSchema.pulse, &pulse)
    var kernel = pulse.varint() == 0 ? pulse.part(0) : pulse.entity()
    printer.print(RecordSchema.kernel, &kernel)
  }

  private static func latency(_ entity: FieldCursor, _ json: inout JSONWriter) {
    let latency = LatencyFields(entity)
    json.openObject("latency_ms")
    json.milliseconds("p50", latency.quantile(0.5))
    json.milliseconds("p99", latency.quantile(0.99))
    json.milliseconds("max", latency.longest > 0 ? latency.longest : nil)
    json.closeObject()
  }

  /// What a list of a worker holds.
  private enum Element {
    case unit, connection, failure, engine, session, resource, vanished, hazard
  }

  private static func lists(_ worker: WorkerFields, _ judged: JudgedWorker?, _ printer: inout FieldPrinter) {
    list("units", worker.units, of: .unit, worker, judged, &printer)
    contexts(worker.units, judged, &printer)
    list("connections", worker.connections, of: .connection, worker, judged, &printer)
    list("failures", worker.failures, of: .failure, worker, judged, &printer)
    list("engines", worker.engines, of: .engine, worker, judged, &printer)
    list("sessions", worker.sessions, of: .session, worker, judged, &printer)
    list("resources", worker.resources, of: .resource, worker, judged, &printer)
    list("vanished", worker.vanished, of: .vanished, worker, judged, &printer)
    list("hazards", worker.hazards, of: .hazard, worker, judged, &printer)
  }

  /// An array with an object for each entity. (Not with a closure for its members: each would get a copy of this.)
  @inline(never)
  private static func list(
    _ name: StaticString, _ list: FieldList, of kind: Element, _ worker: WorkerFields, _ judged: JudgedWorker?,
    _ printer: inout FieldPrinter
  ) {
    printer.json.openArray(name)
    var rest = list.entities
    for index in 0..<list.count {
      var entity = rest.entity()
      printer.json.openObject()
      switch kind {
      case .unit: unit(&entity, element(judged?.units, index), &printer)
      case .connection: connection(&entity, of: worker, element(judged?.connections, index), &printer)
      case .failure: failure(&entity, &printer)
      case .engine: engine(&entity, index, of: worker, &printer)
      case .session: session(&entity, &printer)
      case .resource: printer.print(RecordSchema.resource, &entity)
      case .vanished: printer.print(RecordSchema.vanished, &entity)
      case .hazard: printer.print(RecordSchema.hazard, &entity)
      }
      printer.json.closeObject()
    }
    printer.json.closeArray()
  }

  private static func unit(_ unit: inout FieldCursor, _ state: String?, _ printer: inout FieldPrinter) {
    printer.print(RecordSchema.unit, &unit)
    printer.json.string("state", state)
    printer.print(RecordSchema.unitRequests, &unit)
    printer.json.key("request")
    if unit.varint() == 0 { return printer.json.null() }
    var request = unit.entity()
    let serial = request.varint()
    printer.json.openObject()
    printer.print(RecordSchema.request, &request)
    printer.json.number("context", context(pushedBy: serial, unit))
    printer.json.closeObject()
  }

  /// The uppermost context that a request pushed; nil where there is none. The unit's fields from its last event on.
  private static func context(pushedBy request: UInt64, _ rest: FieldCursor) -> UInt64? {
    var rest = rest
    rest.skip(1)
    var found: UInt64?
    let list = rest.list()
    var contexts = list.entities
    for _ in 0..<list.count {
      var context = contexts.entity()
      let serial = context.varint()
      context.skip(3)
      context.skipOptional()
      if context.varint() == request { found = serial }
    }
    return found
  }

  private static func contexts(_ units: FieldList, _ judged: JudgedWorker?, _ printer: inout FieldPrinter) {
    printer.json.openArray("contexts")
    var rest = units.entities
    for index in 0..<units.count {
      var unit = UnitFields(rest.entity())
      if unit.rest.varint() != 0 { _ = unit.rest.entity() }
      unit.rest.skip(1)
      contexts(of: unit.id, unit.rest.list(), element(judged?.contexts, index), &printer)
    }
    printer.json.closeArray()
  }

  private static func contexts(
    of unit: UInt64, _ contexts: FieldList, _ states: [String]?, _ printer: inout FieldPrinter
  ) {
    var rest = contexts.entities
    for index in 0..<contexts.count {
      var context = rest.entity()
      printer.json.openObject()
      printer.print(RecordSchema.context, &context)
      printer.json.number("unit", unit)
      printer.json.string("state", element(states, index))
      printer.json.closeObject()
    }
  }

  private static func connection(
    _ connection: inout FieldCursor, of worker: WorkerFields, _ state: String?, _ printer: inout FieldPrinter
  ) {
    printer.print(RecordSchema.connection, &connection)
    printer.json.key("engine")
    if let index = connection.index(), index < worker.engines.count {
      var engine = worker.engines.entity(index)
      printer.string(at: engine.varint())
    } else {
      printer.json.null()
    }
    printer.print(RecordSchema.backend, &connection)
    if let state {
      printer.json.string("state", state)
      connection.skip(1)
    } else {
      printer.print(RecordSchema.connectionState, &connection)
    }
    printer.print(RecordSchema.sinceAndHolder, &connection)
  }

  private static func engine(
    _ engine: inout FieldCursor, _ index: Int, of worker: WorkerFields, _ printer: inout FieldPrinter
  ) {
    printer.print(RecordSchema.engine, &engine)
    let connections = RecordSums.connections(worker, of: index)
    printer.json.number("open", connections.open)
    printer.json.number("checked_out", connections.out)
  }

  private static func failure(_ failure: inout FieldCursor, _ printer: inout FieldPrinter) {
    printer.print(RecordSchema.failure, &failure)
    printer.json.openArray("skipped")
    for _ in 0..<failure.varint() where !failure.isAtEnd { printer.string(at: failure.varint()) }
    printer.json.closeArray()
    printer.print(RecordSchema.traceback, &failure)
  }

  private static func session(_ session: inout FieldCursor, _ printer: inout FieldPrinter) {
    printer.print(RecordSchema.session, &session)
    var rest = session
    var holder = rest.varint() == 0 ? rest.part(0) : rest.entity()
    printer.print(RecordSchema.unitAndContext, &holder)
    printer.print(RecordSchema.held, &session)
    let heir = HeirFields(session)
    printer.json.bool("ended", heir.hasEnded)
    printer.json.key("state")
    printer.json.string(heir.isThere ? "inherited" : "orphan")
    printer.json.key("inherited_by")
    if !heir.isThere { return printer.json.null() }
    printer.json.openObject()
    printer.print(RecordSchema.labelled, &session)
    printer.json.closeObject()
  }

  private static func element<Element>(_ elements: [Element]?, _ index: Int) -> Element? {
    guard let elements, index >= 0, index < elements.count else { return nil }
    return elements[index]
  }
}
