// What hangs on a worker in the schema: contexts, connections, sessions, resources, and what is known of their past.

internal import CtxtopModel
import CtxtopSnapshot

extension SnapshotSchema {
  static var context: [SchemaMember] {
    [
      .init("id", .count, "Its serial number in its worker."),
      .init("kind", .words(["app", "request"]), "Which kind of context it is."),
      .init("age_ms", .number, unit: "ms", "Time since it was pushed."),
    ] + label + [
      .init("frame", .text.orNull, "Where it was pushed, when that was not the framework's own doing."),
      .init("requests_served", .count, "Requests that ran on it without having pushed it."),
      .init("unit", .count, "The id of the unit on whose stack it is."),
      .init(
        "state", SchemaType.words(ContextState.allCases.map(\.rawValue)).orNull,
        "What is concluded about it; null where nobody did."),
    ]
  }

  static var connection: [SchemaMember] {
    [
      .init("id", .count, "Its number in its worker."),
      .init("engine", .text.orNull, "The URL of its engine, without a password."),
      .init("backend_pid", .integer.orNull, "The database server's process id for it."),
      .init(
        "state", .words(JudgedConnectionState.allCases.map(\.rawValue)),
        "Its state; leaked only where conclusions were drawn."),
      .init("age_ms", .number, unit: "ms", "Time in that state."),
      .init("holder", SchemaType.named("holder").orNull, "Who checked it out."),
    ]
  }

  static var holder: [SchemaMember] {
    [
      .init("unit", .count.orNull, "The id of the unit."),
      .init("context", .count.orNull, "The id of the app context that it was taken in; null: outside of any."),
    ] + label + [
      .init("frame", .text.orNull, "The first frame of the app's own code, file:line function.")
    ]
  }

  static var engine: [SchemaMember] {
    [
      .init("url", .text.orNull, "URL without password and parameters."),
      .init("pool_size", .integer.orNull, "Connections that its pool keeps."),
      .init("overflow", .integer.orNull, "How many more it may open; -1: without a limit."),
      .init("timeout", .count.orNull, unit: "ms", "How long a checkout waits for a connection."),
      .init("open", .count, "Its open connections."),
      .init("checked_out", .count, "Those of them that are out of the pool."),
    ]
  }

  static var session: [SchemaMember] {
    [
      .init("id", .count, "Its number in its worker."),
      .init("scope", .text.orNull, "What it is scoped by."),
      .init("age_ms", .number, unit: "ms", "Time since it was found without its context."),
      .init("in_transaction", .bool, "Whether a transaction is open in it."),
      .init("dirty", .bool, "Whether it holds work that is neither flushed nor committed."),
      .init("unit", .count.orNull, "The id of the unit that it belonged to."),
      .init("context", .count.orNull, "The id of the context that it belonged to."),
      .init("holder", SchemaType.named("holder").orNull, "Who it belonged to."),
      .init("ended", .bool, "Whether it was removed since."),
      .init("state", .words(["orphan", "inherited"]), "Whether a later request works in it, or did."),
      .init("inherited_by", SchemaType.object(label).orNull, "That request."),
    ]
  }

  static var resource: [SchemaMember] {
    [
      .init("id", .count, "Its number in its worker."),
      .init("kind", .text.orNull, "lock, or what the app calls it."),
      .init("name", .text.orNull, "Its name."),
      .init("state", SchemaType.words(HeldResourceState.allCases.map(\.rawValue)).orNull, "Held, or waited for."),
      .init("age_ms", .number, unit: "ms", "Time in that state."),
      .init("holder", SchemaType.named("holder").orNull, "Who holds it or waits for it."),
    ]
  }

  static var vanished: [SchemaMember] {
    [
      .init("kind", .words(["app", "request"]), "Which kind of context it was."),
      .init("frame", .text.orNull, "Where it was pushed, when that was not the framework's own doing."),
    ] + label + [
      .init("unit", .count.orNull, "The id of the unit that it happened on last."),
      .init("count", .count, "How often."),
      .init("first", .time.orNull, "The first time."),
      .init("last", .time.orNull, "The last time."),
    ]
  }

  static var hazard: [SchemaMember] {
    [
      .init("code", .text.orNull, "Which one."),
      .init("message", .text.orNull, "What was found, in one sentence."),
    ]
  }
}
