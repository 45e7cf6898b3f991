// What follows from the facts of a worker alone, summed up from its record: SnapshotFacts says the same of a `Worker`.

struct RecordSums {
  var requests: UInt64 = 0
  var inFlight: UInt64 = 0
  var appDepth: UInt64 = 0
  var appDepthMax: UInt64 = 0
  var requestDepth: UInt64 = 0
  var requestDepthMax: UInt64 = 0
  var leaked: UInt64 = 0
  var reused: UInt64 = 0
  var open: UInt64 = 0
  var checkedOut: UInt64 = 0
  /// Sessions that are there without their context.
  var orphans: UInt64 = 0
  var teardownFailures: UInt64 = 0
  var dropped: UInt64 = 0

  init() {}

  @inline(never)
  init(_ worker: WorkerFields) {
    var list = worker.units.entities
    for _ in 0..<worker.units.count {
      var unit = UnitFields(list.entity())
      appDepth &+= unit.appDepth
      requestDepth &+= unit.requestDepth
      if unit.rest.varint() != 0 { inFlight &+= 1 }
    }
    list = worker.sessions.entities
    for _ in 0..<worker.sessions.count {
      var session = list.entity()
      session.skip(6)
      if session.varint() != 0 { _ = session.entity() }
      if !HeirFields(session).hasEnded { orphans &+= 1 }
    }
    checkedOut = Self.connections(worker, of: nil).out
    open = UInt64(worker.connections.count)
    addCounters(worker.counters)
  }

  private mutating func addCounters(_ entity: FieldCursor) {
    var entity = entity
    var counters: InlineArray<20, UInt64> = InlineArray(repeating: 0)
    for index in 0..<20 { counters[index] = entity.varint() }
    requests = counters[0]
    leaked = counters[5]
    reused = counters[6]
    teardownFailures = counters[11]
    appDepthMax = counters[12]
    requestDepthMax = counters[13]
    for index in 14..<20 { dropped &+= counters[index] }
    // When something had no record, the counters know better: they count all of it.
    if counters[14] > 0 { inFlight = max(inFlight, Self.difference(counters[0], counters[1])) }
    if counters[16] > 0 { open = max(open, Self.difference(counters[7], counters[8])) }
  }

  private static func difference(_ begun: UInt64, _ ended: UInt64) -> UInt64 { begun > ended ? begun &- ended : 0 }

  /// How many of a worker's connections there are and are out of their pools; of one engine, or of all.
  @inline(never)
  static func connections(_ worker: WorkerFields, of engine: Int?) -> (open: UInt64, out: UInt64) {
    var open: UInt64 = 0
    var out: UInt64 = 0
    var list = worker.connections.entities
    for _ in 0..<worker.connections.count {
      var connection = list.entity()
      connection.skip(2)
      let place = connection.index()
      if let engine, place != engine { continue }
      connection.skipOptional()
      open &+= 1
      if connection.varint() == UInt64(ConnectionState.checkedOut.rawValue) { out &+= 1 }
    }
    return (open, out)
  }

  /// Adds a worker's: what happened, of all workers; what is, of those that are there.
  mutating func add(_ worker: RecordSums, leaked judged: UInt64?, isPresent: Bool) {
    requests &+= worker.requests
    leaked &+= judged ?? worker.leaked
    reused &+= worker.reused
    teardownFailures &+= worker.teardownFailures
    dropped &+= worker.dropped
    if !isPresent { return }
    inFlight &+= worker.inFlight
    appDepth &+= worker.appDepth
    requestDepth &+= worker.requestDepth
    open &+= worker.open
    checkedOut &+= worker.checkedOut
  }

  func printTotals(_ json: inout JSONWriter) {
    json.openObject("totals")
    json.number("requests", requests)
    json.number("in_flight", inFlight)
    json.number("contexts_live", appDepth &+ requestDepth)
    json.number("contexts_leaked", leaked)
    json.number("contexts_reused", reused)
    json.number("connections_open", open)
    json.number("connections_checked_out", checkedOut)
    json.number("teardown_failures", teardownFailures)
    json.number("events_dropped", dropped)
    json.closeObject()
  }

  /// Those that the worker's counters do not say themselves.
  func printWorker(_ json: inout JSONWriter, leaked judged: UInt64?) {
    json.number("in_flight", inFlight)
    json.openObject("depth")
    json.number("app", appDepth)
    json.number("app_max", appDepthMax)
    json.number("request", requestDepth)
    json.number("request_max", requestDepthMax)
    json.closeObject()
    json.number("contexts_leaked", judged ?? leaked)
    json.number("connections_open", open)
    json.number("connections_checked_out", checkedOut)
    json.number("events_dropped", dropped)
  }
}
