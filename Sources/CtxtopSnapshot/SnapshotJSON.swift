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
    var json = JSONWriter(capacity: 1024 &+ snapshot.workers.count &* 4096)
    json.openObject()
    head(snapshot, &json)
    totals(snapshot, judgement, &json)
    json.key("workers")
    json.openArray()
    for (index, worker) in snapshot.workers.enumerated() {
      self.worker(worker, in: snapshot, judged(index, judgement), &json)
    }
    json.closeArray()
    verdicts(judgement, &json)
    json.closeObject()
    return json.finish()
  }

  private static func judged(_ index: Int, _ judgement: Judgement?) -> JudgedWorker? {
    guard let judgement, index < judgement.workers.count else { return nil }
    return judgement.workers[index]
  }

  private static func head(_ snapshot: Snapshot, _ json: inout JSONWriter) {
    json.key("schema")
    json.word(schema)
    json.key("app")
    json.string(snapshot.service)
    json.key("host")
    json.string(known(snapshot.host))
    json.key("time")
    json.time(snapshot.wallTime)
    json.key("monotonic_ns")
    json.number(snapshot.monotonicTime)
    let worker = snapshot.workers.first { $0.liveness.isPresent } ?? snapshot.workers.first ?? Worker()
    server(worker.server, &json)
    runtime(worker.runtime, &json)
  }

  private static func server(_ server: Server, _ json: inout JSONWriter) {
    json.key("server")
    json.openObject()
    json.key("kind")
    json.string(known(server.kind))
    json.key("model")
    json.string(known(server.model))
    json.key("version")
    json.string(known(server.version))
    json.key("workers")
    json.number(server.workers)
    json.key("threads")
    json.number(server.threads)
    json.closeObject()
  }

  private static func runtime(_ runtime: Runtime, _ json: inout JSONWriter) {
    json.key("runtime")
    json.openObject()
    json.key("python")
    json.string(known(runtime.python))
    json.key("flask")
    json.string(known(runtime.flask))
    json.key("werkzeug")
    json.string(known(runtime.werkzeug))
    json.key("sqlalchemy")
    json.string(known(runtime.sqlalchemy))
    json.key("agent")
    json.string(known(runtime.agent))
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
    for (index, worker) in snapshot.workers.enumerated() {
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
    json.key("totals")
    json.openObject()
    json.key("requests")
    json.number(sum.requests)
    json.key("in_flight")
    json.number(inFlight)
    json.key("contexts_live")
    json.number(live)
    json.key("contexts_leaked")
    json.number(leaked)
    json.key("contexts_reused")
    json.number(sum.contextsReused)
    json.key("connections_open")
    json.number(open)
    json.key("connections_checked_out")
    json.number(checkedOut)
    json.key("teardown_failures")
    json.number(sum.teardownFailures)
    json.key("events_dropped")
    json.number(dropped)
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
    json.key("code")
    json.string(verdict.code)
    json.key("name")
    json.string(verdict.name)
    json.key("severity")
    json.string(verdict.severity)
    json.key("worker")
    json.number(Int(verdict.worker))
    json.key("unit")
    json.number(verdict.unit)
    json.key("context")
    json.number(verdict.context)
    json.key("connection")
    json.number(verdict.connection)
    json.key("session")
    json.null()
    json.key("since")
    json.time(verdict.since)
    json.key("count")
    json.number(verdict.count)
    json.key("message")
    json.string(verdict.message)
    json.key("remedy")
    json.string(verdict.remedy)
    json.key("evidence")
    json.openObject()
    for evidence in verdict.evidence {
      json.key(evidence.key)
      json.string(evidence.value)
    }
    json.closeObject()
    json.closeObject()
  }

  /// A text, or nil when it is empty: empty texts of a snapshot mean that something is not known.
  static func known(_ text: String) -> String? { text.utf8.isEmpty ? nil : text }
}
