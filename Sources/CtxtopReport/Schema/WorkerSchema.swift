// A worker in the schema, its units and failures.

internal import CtxtopModel
import CtxtopSnapshot

extension SnapshotSchema {
  static var worker: [SchemaMember] { identity + counters + process + lists }

  private static var identity: [SchemaMember] {
    [
      .init(
        "target", .text, isOptional: true,
        "The target that it belongs to: only where several are watched together, as in what the dashboard writes."),
      .init("slot", .count, "Its place in the segment."),
      .init("generation", .count, "Which tenant of that place it is; both together name it for ever."),
      .init("pid", .integer, "Its process id, as it sees it itself."),
      .init("number", .integer.orNull, "Its number as its server counts."),
      .init("instance", .count, "The same for all workers of one running server."),
      .init("started", .time.orNull, "When the process started."),
      .init(
        "state", SchemaType.words(WorkerState.allCases.map(\.rawValue)).orNull,
        "What is concluded about it; null where nobody did."),
      .init(
        "liveness", SchemaType.words(["alive", "dead", "exited"]).orNull,
        "Whether its process is there: null where nobody can tell, exited with a goodbye, dead without."),
    ]
  }

  private static var counters: [SchemaMember] {
    [
      .init("requests", .count, "Requests begun."),
      .init("in_flight", .count, "Requests being served."),
      .init("exceptions", .count, "Exceptions that left the application."),
      .init("depth", .object(workerDepth), "Contexts on the stacks of its units."),
      .init("contexts_pushed", .count, "Contexts pushed, of both kinds."),
      .init(
        "contexts_leaked", .count,
        "Contexts that are left behind now; where nobody drew conclusions, how many ever were."),
      .init("contexts_reused", .count, "Requests that ran on an app context which they did not push."),
      .init("contexts_vanished", .count, "Contexts that went from a stack without their teardown."),
      .init("connections_open", .count, "Open database connections."),
      .init("connections_checked_out", .count, "Connections out of their pools."),
      .init("teardown_failures", .count, "Teardown functions that raised."),
      .init("orphan_sessions", .count, "Sessions that are there without their context."),
      .init("events_dropped", .count, "Events counted but not described, because a table was full."),
      .init("records_unstable", .count, "Records that could not be read because they were being written."),
      .init("latency_ms", .object(latency), "Latencies since it attached."),
    ]
  }

  private static var process: [SchemaMember] {
    [
      .init(
        "kernel_state", .text.orNull, "State of the process: R, S, D, T, ... of proc(5); null where it is not visible."),
      .init("rss_bytes", .count.orNull, unit: "bytes", "Resident memory."),
      .init("listen_queue", .count.orNull, "Connections that wait to be accepted."),
      .init("cpu_percent", .number.orNull, unit: "percent", "Share of one processor between two passes."),
      .init("last_event_ms", .number.orNull, unit: "ms", "Time since anything happened on any unit."),
    ]
  }

  private static var lists: [SchemaMember] {
    [
      .init("units", .list(of: .named("unit")), "Threads, greenlets and tasks."),
      .init("contexts", .list(of: .named("context")), "What is on their stacks, each one bottom first."),
      .init("connections", .list(of: .named("connection")), "Open database connections."),
      .init("failures", .list(of: .named("failure")), "Teardown functions that raised."),
      .init("engines", .list(of: .named("engine")), "Database engines."),
      .init("sessions", .list(of: .named("session")), "Sessions whose context is gone."),
      .init("resources", .list(of: .named("resource")), "Locks and what else the app tells of."),
      .init("vanished", .list(of: .named("vanished")), "Contexts whose teardown never ran."),
      .init("hazards", .list(of: .named("hazard")), "What is dangerous in its configuration."),
    ]
  }

  private static var workerDepth: [SchemaMember] {
    [
      .init("app", .count, "App contexts now."),
      .init("app_max", .count, "The most that one unit has had."),
      .init("request", .count, "Request contexts now."),
      .init("request_max", .count, "The most that one unit has had."),
    ]
  }

  private static var latency: [SchemaMember] {
    [
      .init("p50", .number.orNull, unit: "ms", "The median, within 10 percent."),
      .init("p99", .number.orNull, unit: "ms", "What one request in a hundred exceeded, within 10 percent."),
      .init("max", .number.orNull, unit: "ms", "The longest."),
    ]
  }

  static var unit: [SchemaMember] {
    let depth: [SchemaMember] = [
      .init("app", .count, "App contexts on its stack."), .init("request", .count, "Request contexts on its stack."),
    ]
    return [
      .init("id", .count, "Its number in its worker."),
      .init("kind", .words(["thread", "greenlet", "task"]), "What it is."),
      .init("name", .text.orNull, "Its name."),
      .init(
        "state", SchemaType.words(UnitState.allCases.map(\.rawValue)).orNull,
        "What is concluded about it; null where nobody did."),
      .init("depth", .object(depth), "How deep its stack is."),
      .init("requests", .count, "Requests begun on it."),
      .init("reused", .count, "Of those, requests that ran on an app context which they did not push."),
      .init("request", SchemaType.object(request).orNull, "The request being served."),
    ]
  }

  private static var request: [SchemaMember] {
    label + [
      .init("age_ms", .number, unit: "ms", "For how long."),
      .init("streaming", .bool, "Whether the server is sending the response."),
      .init("context", .count.orNull, "The id of the uppermost context that it pushed."),
    ]
  }

  /// How a request is named.
  static var label: [SchemaMember] {
    [
      .init("method", .text.orNull, "The request's method; OTHER for one that HTTP does not define."),
      .init("endpoint", .text.orNull, "The endpoint that the router found."),
      .init("rule", .text.orNull, "The rule that the router matched."),
    ]
  }

  static var failure: [SchemaMember] {
    [
      .init("function", .text.orNull, "The function, with its module."),
      .init("location", .text.orNull, "Where it is defined, file:line."),
      .init("kind", .words(["appcontext", "request"]), "For which contexts it was registered."),
      .init("blueprint", .text.orNull, "The blueprint it was registered on; null: the app."),
      .init("exception", .text.orNull, "Class of the exception."),
      .init("message", .text.orNull, "First line of its message, with CTXTOP_MESSAGES only."),
    ] + label + [
      .init("unit", .count.orNull, "The id of the unit that it happened on last."),
      .init("count", .count, "How often."),
      .init("first", .time.orNull, "The first time."),
      .init("last", .time.orNull, "The last time."),
      .init("skipped", .list(of: .text), "Functions that did not run because of it."),
      .init("traceback", .text.orNull, "The traceback of the first time, a frame a line, innermost last."),
    ]
  }
}
