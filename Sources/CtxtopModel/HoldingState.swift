// The states of what can be held. Raw values are those of the JSON schema where that has one.

import CtxtopSnapshot

/// The state of a holding.
package enum HoldingState: Equatable, Sendable {
  case connection(JudgedConnectionState)
  case session(LeftSessionState)
  case resource(HeldResourceState)

  /// What it is called, as in JSON.
  package var name: String {
    switch self {
    case .connection(let state): state.rawValue
    case .session(let state): state.rawValue
    case .resource(let state): state.rawValue
    }
  }
  /// How good or bad it is.
  package var level: StateLevel {
    switch self {
    case .connection(let state): state.level
    case .session(let state): state.level
    case .resource(let state): state.level
    }
  }
  /// What it means.
  package var meaning: String {
    switch self {
    case .connection(let state): state.meaning
    case .session(let state): state.meaning
    case .resource(let state): state.meaning
    }
  }
}

/// The state of a session whose context is gone.
package enum LeftSessionState: String, LegendState {
  case inherited, orphan, ended

  package var level: StateLevel {
    switch self {
    case .inherited: .critical
    case .orphan: .warning
    case .ended: .quiet
    }
  }

  package var meaning: String {
    switch self {
    case .inherited: "left without its context, and a later request works in it"
    case .orphan: "left without its context"
    case .ended: "was inherited, and has been removed since"
    }
  }
}

extension Session {
  /// Its state: the agent asked the registry itself, so the record is enough to show it.
  package var state: LeftSessionState {
    if hasEnded { return .ended }
    return heirRequest != 0 ? .inherited : .orphan
  }
}

/// The state of a lock or another resource.
package enum HeldResourceState: String, LegendState {
  case held, waiting

  package var level: StateLevel {
    switch self {
    case .held: .good
    case .waiting: .notice
    }
  }

  package var meaning: String {
    switch self {
    case .held: "held by its holder"
    case .waiting: "its holder waits for it"
    }
  }
}

extension Resource {
  /// Its state, as it is shown.
  package var shownState: HeldResourceState {
    switch state {
    case .held: .held
    case .waiting: .waiting
    }
  }
}
