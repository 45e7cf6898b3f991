// The schema of a snapshot's JSON: `ctxtop dump --schema`. What the encoder of CtxtopSnapshot prints is described here,
// member by member; tests compare the two.
//
//   SnapshotSchema.swift   the document, its server and totals, verdicts
//   WorkerSchema.swift     a worker and what is counted in it
//   HoldingSchema.swift    contexts, connections, sessions and what else hangs on a worker
//   SchemaType.swift       how this becomes JSON Schema

internal import CtxtopModel
import CtxtopSnapshot

/// The JSON Schema of `ctxtop.snapshot/1`.
package enum SnapshotSchema {
  /// As text, with a newline at the end.
  package static var text: String {
    let head: [(String, JSONText)] = [
      ("$schema", .text("https://json-schema.org/draft/2020-12/schema")),
      ("$id", .text("urn:ctxtop:snapshot:1")),
      ("title", .text("\(SnapshotJSON.schema)")),
      ("description", .text(about)),
    ]
    let definitions = definitions.map { name, members in (name, JSONText.object(SchemaType.object(members).keywords)) }
    return JSONText.object(head + SchemaType.object(document).keywords + [("$defs", .object(definitions))]).page
  }

  private static let about = """
    A snapshot of a service: what `ctxtop dump -f json` prints, and, without conclusions, what an app's socket \
    answers to `json`. Members may be added, in any object; none is renamed or removed. What is not known is null, \
    never 0. Whole numbers may be as large as 2^64 - 1. Each member's x-unit is its unit.
    """

  /// What is described under a name.
  static var definitions: [(name: String, members: [SchemaMember])] {
    [
      ("worker", worker), ("unit", unit), ("context", context), ("connection", connection), ("holder", holder),
      ("failure", failure), ("engine", engine), ("session", session), ("resource", resource),
      ("vanished", vanished), ("hazard", hazard), ("verdict", verdict), ("action", action),
    ]
  }

  private static var document: [SchemaMember] {
    [
      .init("schema", .constant("\(SnapshotJSON.schema)"), "Name and version of this schema."),
      .init("app", .text, "The app's name."),
      .init("host", .text, "The host's name, as the app sees it."),
      .init("time", .time.orNull, "When the pass over the workers began."),
      .init("monotonic_ns", .count, unit: "ns", "The same by the host's monotonic clock."),
      .init("server", .object(server), "The server, as the first worker that is there tells."),
      .init("runtime", .object(runtime), "Versions of what runs in that worker."),
      .init(
        "totals", .object(totals), "Sums: of what happened, over all workers; of what is, over those that are there."),
      .init(
        "workers", .list(of: .named("worker")), "The workers; also those that have ended, until their place is taken."),
      .init(
        "verdicts", SchemaType.list(of: .named("verdict")).orNull,
        "Conclusions, the worst first; null where nobody drew any."),
      .init("actions_accepted", .count, "Requests to replace a worker that were or are being done."),
      .init("actions_refused", .count, "Requests to replace a worker that were refused."),
      .init("actions", .list(of: .named("action")), "The latest of them, the oldest first; at most sixteen."),
    ]
  }

  private static var server: [SchemaMember] {
    [
      .init("kind", .text.orNull, "gunicorn, uwsgi, flask, ..."),
      .init("model", .text.orNull, "How its workers work: sync, gthread, gevent, threads, ..."),
      .init("version", .text.orNull, "Its version."),
      .init("workers", .integer.orNull, "How many workers it is configured to have."),
      .init("threads", .integer.orNull, "How many threads each of them is configured to have."),
    ]
  }

  private static var runtime: [SchemaMember] {
    [
      .init("python", .text.orNull, "Version of CPython."),
      .init("flask", .text.orNull, "Version of Flask."),
      .init("werkzeug", .text.orNull, "Version of Werkzeug."),
      .init("sqlalchemy", .text.orNull, "Version of SQLAlchemy."),
      .init("agent", .text.orNull, "Version of ctxtop's agent."),
    ]
  }

  private static var totals: [SchemaMember] {
    [
      .init("requests", .count, "Requests begun."),
      .init("in_flight", .count, "Requests being served."),
      .init("contexts_live", .count, "Contexts on stacks, of both kinds."),
      .init("contexts_leaked", .count, "Contexts left behind, as of the workers."),
      .init("contexts_reused", .count, "Requests that ran on an app context which they did not push."),
      .init("connections_open", .count, "Open database connections."),
      .init("connections_checked_out", .count, "Connections out of their pools."),
      .init("teardown_failures", .count, "Teardown functions that raised."),
      .init("events_dropped", .count, "Events counted but not described, because a table was full."),
    ]
  }

  private static var action: [SchemaMember] {
    [
      .init(
        "target", .text, isOptional: true, "The target that was asked: only where several are watched together."),
      .init("number", .count, "Its number among all of them, or of its target, from 1."),
      .init("asked", .time.orNull, "When it was asked for."),
      .init("user", .count, "The client's user id, as the app's host or container knows it; 65534 also for any other."),
      .init("pid", .count.orNull, "The client's process id there; null where it cannot be seen."),
      .init("worker", .count, "The pid of the worker that was to be replaced."),
      .init("outcome", SchemaType.words(ActionOutcome.allCases.map(\.word)).orNull, "What came of it."),
    ]
  }

  private static var verdict: [SchemaMember] {
    [
      .init("code", .words(VerdictCatalogue.all.map(\.code.rawValue)), "Which one; `ctxtop explain CODE` tells more."),
      .init("name", .text, "The code in words."),
      .init("severity", .words(Severity.allCases.map(\.rawValue)), "How bad it is."),
      .init(
        "target", .text, isOptional: true, "The target that the worker belongs to: only where several are watched."),
      .init("worker", .integer, "The worker's pid."),
      .init("unit", .count.orNull, "The id of the unit that it is about."),
      .init("context", .count.orNull, "The id of the context."),
      .init("connection", .count.orNull, "The id of the connection, or of the first of several."),
      .init("session", .count.orNull, "The id of the session."),
      .init("since", .time.orNull, "Since when."),
      .init("count", .count, "How often, or how many."),
      .init("message", .text, "What is wrong, in one sentence."),
      .init("remedy", .text, "What to do."),
      .init("evidence", .texts, "What it rests on."),
    ]
  }
}
