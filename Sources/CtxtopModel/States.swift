// The states that workers, units, contexts and connections are shown in. The raw values are those of the
// JSON schema: a contract with scripts.

/// How good or bad a state is: what the screen colours and what alerts count.
package enum StateLevel: Int, Comparable, Sendable {
  case quiet = 0
  case good = 1
  case notice = 2
  case warning = 3
  case critical = 4

  package static func < (one: StateLevel, other: StateLevel) -> Bool { one.rawValue < other.rawValue }
}

/// A state with a name, an explanation for the legend and a level.
package protocol LegendState: CaseIterable, RawRepresentable, Sendable where RawValue == String {
  /// How good or bad it is.
  var level: StateLevel { get }
  /// What it means, for legend and README.
  var meaning: String { get }
}

/// The state of a worker; when several hold, the first in this order is shown.
package enum WorkerState: String, LegendState {
  case dead, exited, stopped, wedged, unknown, stale, leaking, draining, saturated, busy, ok

  package var level: StateLevel {
    switch self {
    case .dead, .stopped, .wedged, .leaking: .critical
    case .unknown, .stale, .saturated: .warning
    case .draining: .notice
    case .exited: .quiet
    case .busy, .ok: .good
    }
  }

  package var meaning: String {
    switch self {
    case .dead: "gone without a goodbye; the row shows its last state"
    case .exited: "ended cleanly; the row shows its last state"
    case .stopped: "stopped by a signal or a debugger"
    case .wedged: "nothing has moved in it although requests wait"
    case .unknown: "nobody can tell whether the process lives: its lock was lost and its agent is silent"
    case .stale:
      "its agent has been silent for over 1.5 s, or its target does not answer; the row shows what was known last"
    case .leaking: "holds contexts, connections or sessions that nobody will free"
    case .draining: "takes no new requests and finishes what it has"
    case .saturated: "all of its threads stand still for over 30 s; whether requests wait cannot be told"
    case .busy: "all of its threads are serving"
    case .ok: "alive, with threads to spare"
    }
  }
}

/// The state of a unit.
package enum UnitState: String, LegendState {
  case gone, poisoned, leaked, streaming, inRequest = "in_request", preserved, job, idle

  package var level: StateLevel {
    switch self {
    case .poisoned, .leaked: .critical
    case .preserved, .job: .notice
    case .gone, .idle: .quiet
    case .streaming, .inRequest: .good
    }
  }

  package var meaning: String {
    switch self {
    case .gone: "the thread, greenlet or task has ended"
    case .poisoned: "requests run on a context that another request left behind"
    case .leaked: "a context is left on its stack"
    case .streaming: "the server is sending a response"
    case .inRequest: "serves a request"
    case .preserved: "a context was kept on purpose"
    case .job: "works in a context outside of any request"
    case .idle: "waits"
    }
  }
}

/// The state of a context.
package enum ContextState: String, LegendState {
  case leaked, reused, preserved, live

  package var level: StateLevel {
    switch self {
    case .leaked, .reused: .critical
    case .preserved: .notice
    case .live: .good
    }
  }

  package var meaning: String {
    switch self {
    case .leaked: "its owner has finished, and it is still on the stack"
    case .reused: "a request ran on it that did not push it"
    case .preserved: "kept on purpose"
    case .live: "in use by its owner"
    }
  }
}

/// The state of a connection, judged: what the facts say, and whether its holder is still there.
package enum JudgedConnectionState: String, LegendState {
  case leaked, inherited, detached, checkedOut = "checked_out", idle

  package var level: StateLevel {
    switch self {
    case .leaked, .inherited: .critical
    case .detached: .notice
    case .checkedOut: .good
    case .idle: .quiet
    }
  }

  package var meaning: String {
    switch self {
    case .leaked: "checked out by a context and a request that have both ended"
    case .inherited: "opened by another process, before a fork"
    case .detached: "taken from its pool for good"
    case .checkedOut: "in use"
    case .idle: "in its pool"
    }
  }
}
