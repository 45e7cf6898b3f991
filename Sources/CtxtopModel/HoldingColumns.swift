// The table of connections, and of all else that can be held: who holds what since when.

import CtxtopSnapshot

extension Table where Row == HoldingRow {
  /// The table of holdings.
  package static var connections: Table<HoldingRow> {
    Table(name: "connections", title: "Connections", columns: identity + holder + pool + session)
  }

  private static var identity: [Column<HoldingRow>] {
    [
      .target { $0.worker.target },
      Column("pid", "PID", "process id of the worker", width: 7, isDescending: false) {
        .identifier(Int64($0.worker.pid))
      },
      Column(
        "kind", "KIND", "connection, session, lock, or what the application calls it", alignment: .left, width: 10,
        isDescending: false
      ) {
        .text($0.kindName)
      },
      Column("id", "ID", "its number in its worker", width: 3, isDescending: false) {
        .identifier(Int64($0.id))
      },
      Column("state", "STATE", "state of the connection, session or lock", alignment: .left, width: 11) {
        let state = $0.state
        return .state(state.name, state.level)
      },
      Column("age", "AGE", "since when it is in that state: for how long it is held", unit: "ns", width: 6) {
        $0.since > 0 ? .duration($0.model.now.age(of: $0.since)) : .unknown
      },
    ]
  }

  private static var holder: [Column<HoldingRow>] {
    [
      Column("unit", "UNIT", "thread, greenlet or task that holds it", width: 4, isDescending: false) {
        $0.holder?.unit.map { .identifier(Int64($0)) } ?? .unknown
      },
      Column(
        "request", "HELD BY", "the request that holds it, or that left it", alignment: .left, width: 16, weight: 2,
        isDescending: false
      ) {
        $0.holder?.label.map { .text($0.text) } ?? .unknown
      },
      Column(
        "endpoint", "ENDPOINT", "the endpoint of that request", alignment: .left, width: 8, presence: .file,
        isDescending: false
      ) {
        $0.holder?.label?.endpoint.map { .text($0) } ?? .unknown
      },
      Column(
        "frame", "WHERE", "the application's line that took it", alignment: .left, width: 14, weight: 2,
        isDescending: false
      ) {
        ($0.holder?.frame).flatMap { $0.isEmpty ? nil : .text($0) } ?? .unknown
      },
      Column(
        "context", "CONTEXT", "serial number of the context that it was taken in", width: 7,
        isDescending: false
      ) {
        ($0.holder?.context).flatMap { $0 == 0 ? nil : .identifier(Int64(clamping: $0)) } ?? .unknown
      },
    ]
  }

  private static var pool: [Column<HoldingRow>] {
    [
      Column(
        "pool", "POOL", "size of its pool, and how many more it may open; `any`: without a limit", width: 5
      ) {
        $0.engine?.poolText.map { .text($0) } ?? .unknown
      },
      Column(
        "backend_pid", "BACKEND", "the database server's process id for it", width: 7,
        isDescending: false
      ) {
        $0.connection?.backendPID.map { .identifier(Int64($0)) } ?? .unknown
      },
      Column("opened_age", "OPEN", "time since it was opened", unit: "ns", width: 6) {
        guard let opened = $0.connection?.opened, opened > 0 else { return .unknown }
        return .age($0.model.now.age(of: opened))
      },
      Column(
        "engine", "ENGINE", "the database, without a password", alignment: .left, width: 12, weight: 1,
        isDescending: false
      ) {
        ($0.engine?.url).map { .text($0) } ?? .unknown
      },
    ]
  }

  private static var session: [Column<HoldingRow>] {
    [
      Column(
        "name", "NAME", "name of the lock, scope of the session", alignment: .left, width: 8, weight: 1,
        isDescending: false
      ) {
        ($0.resource?.name ?? $0.session?.scope).flatMap { $0.isEmpty ? nil : .text($0) } ?? .unknown
      },
      Column(
        "work", "WORK", "whether a session's transaction is open, and whether work in it is uncommitted",
        alignment: .left, width: 11, isDescending: false
      ) {
        $0.session.map { .text($0.workText) } ?? .unknown
      },
      Column(
        "inherited_by", "INHERITED BY", "the later request that works in the session", alignment: .left, width: 12,
        weight: 1, isDescending: false
      ) {
        guard let session = $0.session, session.heirRequest != 0 else { return .unknown }
        return .text(session.heir?.text ?? "a request")
      },
    ]
  }
}

extension HoldingRow {
  /// What kind of thing it is, in a word.
  package var kindName: String {
    switch kind {
    case .connection: "connection"
    case .session: "session"
    case .resource(let index): worker.resources[index].kind.isEmpty ? "resource" : worker.resources[index].kind
    }
  }
}

extension Engine {
  /// `5+10`: size and overflow; `5+any` without a limit; nil where there is no pool size.
  package var poolText: String? {
    guard let poolSize else { return nil }
    guard let overflow else { return String(poolSize) }
    return "\(poolSize)+" + (overflow < 0 ? "any" : String(overflow))
  }
}

extension Session {
  /// What of its work is open.
  package var workText: String {
    switch (isInTransaction, isDirty) {
    case (true, true): "uncommitted"
    case (true, false): "transaction"
    case (false, true): "unflushed"
    case (false, false): "none"
    }
  }
}
