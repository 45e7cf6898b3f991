// The tables of metrics: the exposition, `ctxtop help metrics` and the manual are made from them.

internal import CtxtopModel
import CtxtopSnapshot

extension Metric {
  /// All metrics, in the order in which they are written.
  package static var all: [Metric] {
    service + requests + contexts + connections + happened + processes + [duration]
  }

  private static var service: [Metric] {
    [
      Metric("info", .gauge, "The host, the server and the versions in the first worker that is there; always 1.") {
        [Sample($0.labels + $0.versions, .count(1))]
      },
      Metric("snapshot_timestamp_seconds", .gauge, "When the snapshot was taken, in seconds since 1970.") {
        $0.now.wallTime > 0 ? [Sample($0.labels, .seconds($0.now.wallTime))] : []
      },
      Metric("workers", .gauge, "Workers by state.") { model in
        WorkerState.allCases.map { state in
          let count = model.conditions.count { $0.state == state }
          return Sample(model.labels + [("state", state.rawValue)], .count(UInt64(count)))
        }
      },
      Metric("workers_configured", .gauge, "Workers that the server is configured to have.") { model in
        model.teller.flatMap { $0.server.workers }.map { [Sample(model.labels, .count(UInt64(max($0, 0))))] } ?? []
      },
      Metric("actions_total", .counter, "Requests to replace a worker, by whether they were accepted or refused.") {
        [
          Sample($0.labels + [("outcome", "accepted")], .count($0.now.actionCounts.accepted)),
          Sample($0.labels + [("outcome", "refused")], .count($0.now.actionCounts.refused)),
        ]
      },
      Metric("verdicts", .gauge, "Verdicts by code and severity.") { model in
        model.verdictCounts.map { Sample(model.labels + [("code", $0), ("severity", $1)], .count($2)) }
      },
      .workers("worker_state", .gauge, of: .all, "The state of the worker, as a label; always 1.") {
        [Sample($0.labels + [("state", $0.condition.state.rawValue)], .count(1))]
      },
    ]
  }

  private static var requests: [Metric] {
    [
      .worker("requests_total", .counter, of: .all, "Requests begun.") { .count($0.worker.counters.requests) },
      .worker("requests_in_flight", .gauge, of: .present, "Requests being served.") { .count($0.worker.inFlight) },
      .worker(
        "requests_capacity", .gauge, of: .present, "Requests that can be served at once, where the server tells."
      ) { $0.worker.capacity.map { .count($0) } },
      .worker("requests_streaming", .gauge, of: .present, "Responses that the server is sending.") {
        .count(UInt64($0.worker.units.count { $0.request?.isStreaming == true }))
      },
      .worker("exceptions_total", .counter, of: .all, "Exceptions that left the application.") {
        .count($0.worker.counters.exceptions)
      },
    ]
  }

  private static var contexts: [Metric] {
    [
      .workers("contexts", .gauge, of: .present, "Contexts on the stacks, by kind.") {
        [
          Sample($0.labels + [("kind", "app")], .count($0.worker.appDepth)),
          Sample($0.labels + [("kind", "request")], .count($0.worker.requestDepth)),
        ]
      },
      .worker("contexts_leaked", .gauge, of: .present, "Contexts left behind: their owner has finished.") {
        .count(UInt64($0.condition.leakedContexts))
      },
      .worker("contexts_pushed_total", .counter, of: .all, "Contexts pushed, of both kinds.") {
        .count($0.worker.counters.contextsPushed)
      },
      .worker(
        "contexts_reused_total", .counter, of: .all, "Requests that ran on an app context which they did not push."
      ) { .count($0.worker.counters.contextsReused) },
      .worker(
        "contexts_vanished_total", .counter, of: .all, "Contexts that went from the stack without their teardown."
      ) { .count($0.worker.counters.contextsVanished) },
    ]
  }

  private static var connections: [Metric] {
    [
      .worker("connections_open", .gauge, of: .present, "Open database connections.") {
        .count($0.worker.connectionsOpen)
      },
      .worker("connections_checked_out", .gauge, of: .present, "Connections out of their pools.") {
        .count($0.worker.connectionsCheckedOut)
      },
      .worker(
        "connections_leaked", .gauge, of: .present, "Connections out of their pools that nobody is left to return."
      ) { .count(UInt64($0.condition.leakedConnections)) },
      .worker("connections_limit", .gauge, of: .present, "Connections that the pools give out, where they are limited.")
      { $0.worker.poolLimit.map { .count($0) } },
      .worker(
        "connections_oldest_checkout_seconds", .gauge, of: .present, "Age of the longest checkout of a connection."
      ) { $0.oldestCheckout.map { .seconds($0) } },
      .worker("sessions_orphaned", .gauge, of: .present, "Sessions left without their context.") {
        .count(UInt64($0.worker.orphanSessions))
      },
      .workers("resources", .gauge, of: .present, "Locks and other resources that are held or waited for, by state.") {
        row in
        HeldResourceState.allCases.map { state in
          let count = row.worker.resources.count { $0.shownState == state }
          return Sample(row.labels + [("state", state.rawValue)], .count(UInt64(count)))
        }
      },
    ]
  }

  private static var happened: [Metric] {
    [
      .worker("teardown_failures_total", .counter, of: .all, "Teardown functions that raised.") {
        .count($0.worker.counters.teardownFailures)
      },
      .worker(
        "events_dropped_total", .counter, of: .all, "Events counted but not described, because a table was full."
      ) { .count($0.worker.counters.dropped.total) },
      .worker("records_unstable", .gauge, of: .all, "Records that could not be read because they were being written.") {
        .count(UInt64(max($0.worker.unstable, 0)))
      },
    ]
  }

  private static var processes: [Metric] {
    [
      .worker("units", .gauge, of: .present, "Threads, greenlets and tasks that are there.") {
        .count(UInt64($0.worker.units.count { !$0.isGone }))
      },
      .worker("worker_start_time_seconds", .gauge, of: .all, "When the process started, in seconds since 1970.") {
        $0.worker.started > 0 ? .seconds($0.worker.started) : nil
      },
      .worker(
        "worker_last_seen_timestamp_seconds", .gauge, of: .all,
        "The agent's last sign of life, in seconds since 1970."
      ) {
        let seen = max($0.worker.heartbeat, $0.worker.attached)
        return seen > 0 ? .seconds($0.model.now.wallTime(of: seen)) : nil
      },
      .worker(
        "worker_last_event_timestamp_seconds", .gauge, of: .all,
        "When anything happened in a unit last, in seconds since 1970."
      ) { row in row.worker.lastEvent.map { .seconds(row.model.now.wallTime(of: $0)) } },
      .worker("worker_resident_memory_bytes", .gauge, of: .present, "Resident memory of the process.") {
        ($0.worker.kernel?.residentBytes).flatMap { $0 > 0 ? .count($0) : nil }
      },
      // No interpreter starts in no time: zero is what a source says that does not know.
      .worker("worker_cpu_seconds_total", .counter, of: .present, "User and system time of the process.") {
        ($0.worker.kernel?.cpuTime).flatMap { $0 > 0 ? .seconds($0) : nil }
      },
      .worker(
        "worker_listen_queue", .gauge, of: .present, "Connections that wait to be accepted, where that can be read."
      ) { ($0.worker.kernel?.listenQueue).map { .count($0) } },
    ]
  }
}

extension Model {
  /// The worker that tells of the server: the first that is there; of workers that are all gone, the first.
  fileprivate var teller: Worker? { now.workers.first { $0.liveness.isPresent } ?? now.workers.first }

  fileprivate var versions: [Sample.Label] {
    let (server, runtime) = (teller?.server ?? Server(), teller?.runtime ?? Runtime())
    return [
      ("host", now.host), ("server", server.kind), ("server_model", server.model), ("server_version", server.version),
      ("python", runtime.python), ("flask", runtime.flask), ("werkzeug", runtime.werkzeug),
      ("sqlalchemy", runtime.sqlalchemy), ("agent", runtime.agent),
    ]
  }

  /// How many verdicts there are of each code and severity. That there is none of a code is known only where two passes
  /// could confirm one.
  fileprivate var verdictCounts: [(code: String, severity: String, count: UInt64)] {
    let isConfirmed = (rates.interval ?? 0) >= Model.confirmationInterval
    return VerdictCatalogue.all.flatMap { code, entry in
      Severity.allCases.compactMap { severity in
        let count = verdicts.count { $0.code == code && $0.severity == severity }
        guard count > 0 || isConfirmed && severity == entry.severity else { return nil }
        return (code.rawValue, severity.rawValue, UInt64(count))
      }
    }
  }
}
