// A snapshot as JSON, schema 1: the one encoder of both worlds. Names are a contract with scripts: add,
// never rename. What is not known is null and never 0.
//
// The exporter prints facts: without a judgement, the verdicts, cpu_percent and the states of workers,
// units and contexts are null, and contexts_leaked is the agent's own count since the worker's start.
// With one, contexts_leaked counts the contexts that are leaked now.
//
//   SnapshotJSON.swift              the document, totals, verdicts
//   SnapshotJSONWorker.swift        a worker and what hangs on it

/// Prints snapshots as JSON.
public enum SnapshotJSON {
  /// The value of the key `schema`.
  public static let schema: StaticString = "ctxtop.snapshot/1"

  /// One JSON object, without a newline.
  public static func encode(_ snapshot: Snapshot, judgement: Judgement? = nil) -> [UInt8] {
    encode(snapshot, judgement, line: false)
  }

  /// One JSON object, as a line if wanted.
  package static func encode(_ snapshot: Snapshot, _ judgement: Judgement?, line: Bool) -> [UInt8] {
    var json = JSONWriter(capacity: 1024 &+ snapshot.workers.count &* 4096)
    json.openObject()
    head(snapshot, &json)
    totals(snapshot, judgement, &json)
    json.openArray("workers")
    for index in snapshot.workers.indices {
      worker(snapshot.workers[index], in: snapshot, judged(index, judgement), &json)
    }
    json.closeArray()
    verdicts(judgement, &json)
    json.closeObject()
    return json.finish(line: line)
  }

  private static func judged(_ index: Int, _ judgement: Judgement?) -> JudgedWorker? {
    #if hasFeature(Embedded)
      return nil
    #else
      guard let judgement, index < judgement.workers.count else { return nil }
      return judgement.workers[index]
    #endif
  }

  private static func head(_ snapshot: Snapshot, _ json: inout JSONWriter) {
    json.word("schema", schema)
    json.string("app", snapshot.service)
    json.known("host", snapshot.host)
    json.time("time", snapshot.wallTime)
    json.number("monotonic_ns", snapshot.monotonicTime)
    let workers = snapshot.workers
    if workers.isEmpty {
      server(Server(), &json)
      runtime(Runtime(), &json)
    } else {
      let teller = workers.firstIndex { $0.liveness.isPresent } ?? 0
      server(workers[teller].server, &json)
      runtime(workers[teller].runtime, &json)
    }
  }

  private static func server(_ server: Server, _ json: inout JSONWriter) {
    json.openObject("server")
    json.known("kind", server.kind)
    json.known("model", server.model)
    json.known("version", server.version)
    json.number("workers", server.workers)
    json.number("threads", server.threads)
    json.closeObject()
  }

  private static func runtime(_ runtime: Runtime, _ json: inout JSONWriter) {
    json.openObject("runtime")
    json.known("python", runtime.python)
    json.known("flask", runtime.flask)
    json.known("werkzeug", runtime.werkzeug)
    json.known("sqlalchemy", runtime.sqlalchemy)
    json.known("agent", runtime.agent)
    json.closeObject()
  }

  /// What happened, over all workers; what is, over those that are there.
  private static func totals(_ snapshot: Snapshot, _ judgement: Judgement?, _ json: inout JSONWriter) {
    var sum = Counters()
    var inFlight: UInt64 = 0
    var live: UInt64 = 0
    var leaked: UInt64 = 0
    var open: UInt64 = 0
    var checkedOut: UInt64 = 0
    var dropped: UInt64 = 0
    for index in snapshot.workers.indices {
      let worker = snapshot.workers[index]
      sum.requests &+= worker.counters.requests
      sum.contextsReused &+= worker.counters.contextsReused
      sum.teardownFailures &+= worker.counters.teardownFailures
      dropped &+= worker.counters.dropped.total
      leaked &+= judged(index, judgement)?.leaked ?? worker.counters.contextsLeaked
      guard worker.liveness.isPresent else { continue }
      inFlight &+= worker.inFlight
      live &+= worker.appDepth &+ worker.requestDepth
      open &+= worker.connectionsOpen
      checkedOut &+= worker.connectionsCheckedOut
    }
    json.openObject("totals")
    json.number("requests", sum.requests)
    json.number("in_flight", inFlight)
    json.number("contexts_live", live)
    json.number("contexts_leaked", leaked)
    json.number("contexts_reused", sum.contextsReused)
    json.number("connections_open", open)
    json.number("connections_checked_out", checkedOut)
    json.number("teardown_failures", sum.teardownFailures)
    json.number("events_dropped", dropped)
    json.closeObject()
  }

  private static func verdicts(_ judgement: Judgement?, _ json: inout JSONWriter) {
    json.key("verdicts")
    guard let judgement else { return json.null() }
    json.openArray()
    for verdict in judgement.verdicts { self.verdict(verdict, &json) }
    json.closeArray()
  }

  private static func verdict(_ verdict: JudgedVerdict, _ json: inout JSONWriter) {
    json.openObject()
    json.string("code", verdict.code)
    json.string("name", verdict.name)
    json.string("severity", verdict.severity)
    json.number("worker", Int(verdict.worker))
    json.number("unit", verdict.unit)
    json.number("context", verdict.context)
    json.number("connection", verdict.connection)
    json.number("session", verdict.session)
    json.time("since", verdict.since)
    json.number("count", verdict.count)
    json.string("message", verdict.message)
    json.string("remedy", verdict.remedy)
    json.openObject("evidence")
    for evidence in verdict.evidence { json.member(evidence.key, evidence.value) }
    json.closeObject()
    json.closeObject()
  }
}
