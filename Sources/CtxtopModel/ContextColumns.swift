// The table of contexts: who pushed them, whether they are slow or leaked, and what hangs on them.

import CtxtopSnapshot

extension Table where Row == ContextRow {
  /// The table of contexts.
  package static var contexts: Table<ContextRow> {
    Table(name: "contexts", title: "Contexts", columns: identity + state + owner)
  }

  private static var identity: [Column<ContextRow>] {
    [
      .target { $0.worker.target },
      Column("pid", "PID", "process id of the worker", width: 7, isDescending: false) {
        .identifier(Int64($0.worker.pid))
      },
      Column("unit", "UNIT", "thread, greenlet or task on whose stack it is", width: 4, isDescending: false) {
        .identifier(Int64($0.unit.id))
      },
      Column("id", "ID", "serial number of the context in its worker", width: 6, presence: .file, isDescending: false) {
        .identifier(Int64(clamping: $0.context.serial))
      },
      Column("kind", "KIND", "app or request context", alignment: .left, width: 7, isDescending: false) {
        .text($0.context.kind.name)
      },
      Column("place", "NO", "its place on the stack, 1 at the bottom", width: 2, isDescending: false) {
        .integer($0.index + 1)
      },
    ]
  }

  private static var state: [Column<ContextRow>] {
    [
      Column("state", "JSON", "state of the context, as in JSON", alignment: .left, width: 9, presence: .file) {
        let state = $0.state
        return .state(state.rawValue, state.level)
      },
      Column(
        "condition", "STATE", "the same, but `slow` for what is live while its request takes over 10 s",
        alignment: .left, width: 9
      ) {
        let state = $0.shownState
        return .state(state.rawValue, state.level)
      },
      Column("age", "AGE", "time since it was pushed", unit: "ns", width: 6) {
        $0.context.pushed > 0 ? .duration($0.model.now.age(of: $0.context.pushed)) : .unknown
      },
      Column("owner", "WHY", "what has become of whoever pushed it", alignment: .left, width: 16, weight: 1) {
        .text($0.ownerText)
      },
      Column(
        "requests_served", "SERVED", "requests that ran on it without having pushed it", width: 6
      ) {
        .integer($0.context.served)
      },
      Column(
        "holds", "HOLDS", "connections, sessions and locks that were taken in it and are still out", width: 5
      ) {
        .integer($0.model.holds(context: $0.context.serial, ofWorker: $0.workerIndex))
      },
    ]
  }

  private static var owner: [Column<ContextRow>] {
    [
      Column(
        "request", "PUSHED BY", "the request that pushed it", alignment: .left, width: 16, weight: 2,
        isDescending: false
      ) {
        $0.context.label.map { .text($0.text) } ?? .unknown
      },
      Column(
        "endpoint", "ENDPOINT", "the endpoint of that request", alignment: .left, width: 8, presence: .file,
        isDescending: false
      ) {
        $0.context.label?.endpoint.map { .text($0) } ?? .unknown
      },
      Column(
        "frame", "WHERE", "where it was pushed, when that was not the framework's own doing", alignment: .left,
        width: 12, weight: 2, isDescending: false
      ) {
        $0.context.frame.isEmpty ? .unknown : .text($0.context.frame)
      },
    ]
  }
}

extension ContextRow {
  /// What has become of whoever pushed it, in words.
  package var ownerText: String {
    switch owner {
    case .running(since: let since?): "request running \(Format.clock(model.now.age(of: since)))"
    case .running: "request running"
    case .ended(at: let time?): "request ended \(Format.age(model.now.age(of: time))) ago"
    case .ended: "request ended"
    case .none: "no request"
    case .unitGone: "\(unit.kind.name) gone"
    case .workerGone: worker.liveness == .dead ? "worker died" : "worker ended"
    }
  }
}

extension Model {
  /// How many connections, sessions and resources were taken in a context of a worker and are still held.
  func holds(context serial: UInt64, ofWorker index: Int) -> Int {
    let worker = now.workers[index]
    return worker.connections.count { $0.holder?.context == serial }
      + worker.sessions.count { !$0.hasEnded && $0.holder?.context == serial }
      + worker.resources.count { $0.state == .held && $0.holder?.context == serial }
  }
}
