// The table of workers.

import CtxtopSnapshot

extension Table where Row == WorkerRow {
  /// The table of workers.
  package static var workers: Table<WorkerRow> {
    Table(
      name: "workers", title: "Workers", columns: identity + load + contexts + connections + process + rare + [current])
  }

  private static var identity: [Column<WorkerRow>] {
    [
      .target { $0.worker.target },
      Column(
        "number", "NO", "number of the worker as its server counts", width: 3, presence: .file, isDescending: false
      ) {
        $0.worker.number.map { .identifier(Int64($0)) } ?? .unknown
      },
      Column("pid", "PID", "process id, as the worker itself sees it", width: 7, isDescending: false) {
        .identifier(Int64($0.worker.pid))
      },
      Column("state", "STATE", "state of the worker", alignment: .left, width: 8) {
        .state($0.condition.state.rawValue, $0.condition.state.level)
      },
    ]
  }

  private static var load: [Column<WorkerRow>] {
    [
      Column("requests", "REQUESTS", "requests begun", width: 8, presence: .file) {
        .integer($0.worker.counters.requests)
      },
      Column("requests_per_second", "REQ/S", "requests begun per second", unit: "1/s", width: 5) {
        $0.rates.map { .real($0.requests) } ?? .unknown
      },
      Column("in_flight", "FLIGHT", "requests being served, of as many as it can serve at once", width: 6) {
        .share($0.worker.inFlight, of: $0.worker.capacity)
      },
      Column(
        "exceptions_per_second", "ERR/S", "exceptions that left the application, per second", unit: "1/s", width: 5
      ) {
        $0.rates.map { .real($0.exceptions) } ?? .unknown
      },
    ]
  }

  private static var contexts: [Column<WorkerRow>] {
    [
      Column("depth_app", "APP", "app contexts on the stacks of all its units", width: 3) {
        .integer($0.worker.appDepth)
      },
      Column("depth_request", "REQ", "request contexts on the stacks of all its units", width: 3) {
        .integer($0.worker.requestDepth)
      },
      Column("contexts_leaked", "LEAK", "contexts left behind: their owner has finished", width: 4) {
        .integer($0.condition.leakedContexts)
      },
      Column(
        "contexts_reused", "REUSED", "requests that ran on an app context which they did not push", width: 6
      ) {
        .integer($0.worker.counters.contextsReused)
      },
    ]
  }

  private static var connections: [Column<WorkerRow>] {
    [
      Column(
        "connections_checked_out", "CONN", "connections out of their pools, of as many as these give out", width: 5
      ) {
        .share($0.worker.connectionsCheckedOut, of: $0.worker.poolLimit)
      },
      Column("connections_limit", "LIMIT", "connections that the pools give out", width: 5, presence: .file) {
        $0.worker.poolLimit.map { .integer($0) } ?? .unknown
      },
      Column("connections_open", "OPEN", "open connections", width: 4, presence: .file) {
        .integer($0.worker.connectionsOpen)
      },
      Column("teardown_failures", "TDFAIL", "teardown functions that raised", width: 6) {
        .integer($0.worker.counters.teardownFailures)
      },
      Column(
        "events_dropped", "DROP", "events counted but not described, because a table was full", width: 4,
        presence: .file
      ) {
        .integer($0.worker.counters.dropped.total)
      },
    ]
  }

  private static var process: [Column<WorkerRow>] {
    [
      Column("latency_p50", "P50", "median latency of the interval", unit: "ns", width: 5) {
        $0.rates?.p50.map { .duration($0) } ?? .unknown
      },
      Column(
        "latency_p99", "P99", "latency of the interval that one request in a hundred exceeded", unit: "ns", width: 5
      ) {
        $0.rates?.p99.map { .duration($0) } ?? .unknown
      },
      Column("cpu_percent", "CPU", "share of one processor", unit: "percent", width: 5) {
        $0.model.rates.cpuPercent(ofWorker: $0.index).map { .percent($0) } ?? .unknown
      },
      Column("rss_bytes", "RSS", "resident memory", unit: "bytes", width: 5) {
        $0.worker.kernel.map { .bytes($0.residentBytes) } ?? .unknown
      },
      Column("uptime", "UP", "time since the process started", unit: "ns", width: 5) {
        let started = $0.worker.started
        return started > 0 && started <= $0.wallTime ? .uptime($0.wallTime - started) : .unknown
      },
    ]
  }

  private static var rare: [Column<WorkerRow>] {
    [
      Column("last_seen", "SEEN", "time since its agent's last sign of life", unit: "ns", width: 5) {
        let seen = max($0.worker.heartbeat, $0.worker.attached)
        return seen > 0 ? .age($0.model.now.age(of: seen)) : .unknown
      },
      Column("streaming", "STREAM", "responses that the server is sending", width: 6) {
        .integer($0.worker.units.count { $0.request?.isStreaming == true })
      },
      Column("depth_app_max", "APPMAX", "most app contexts that one unit has had", width: 6, presence: .file) {
        .integer($0.worker.counters.appDepthMax)
      },
      Column(
        "depth_request_max", "REQMAX", "most request contexts that one unit has had", width: 6, presence: .file
      ) {
        .integer($0.worker.counters.requestDepthMax)
      },
      Column(
        "contexts_vanished", "VANISH", "contexts that went from the stack without their teardown", width: 6,
        presence: .file
      ) {
        .integer($0.worker.counters.contextsVanished)
      },
      Column(
        "checkout_oldest", "OLDEST", "age of the longest checkout of a connection", unit: "ns", width: 6
      ) {
        $0.oldestCheckout.map { .age($0) } ?? .unknown
      },
      Column("orphan_sessions", "ORPHAN", "sessions left without their context", width: 6) {
        .integer($0.worker.orphanSessions)
      },
      Column("resources_held", "LOCKS", "locks and other resources that are held", width: 5) {
        .integer($0.worker.resources.count { $0.state == .held })
      },
      Column("units", "UNITS", "threads, greenlets and tasks that are there", width: 5, presence: .file) {
        .integer($0.worker.units.count { !$0.isGone })
      },
    ]
  }

  private static var current: Column<WorkerRow> {
    Column(
      "now", "NOW", "the request that has been served for the longest time, and for how long", alignment: .left,
      width: 18, weight: 1, isDescending: false
    ) {
      guard let request = $0.worker.oldestRequest else { return .unknown }
      let age = $0.now > request.started ? $0.now - request.started : 0
      return .text("\(request.label.text) \(Format.clock(age))")
    }
  }
}
