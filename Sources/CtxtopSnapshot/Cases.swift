// What stands in segments and records as a small number. A new case is a new version of the record.

/// Whether a worker's process is there, as its record lock tells.
public enum Liveness: UInt8, Equatable, Sendable {
  /// The lock descriptor was lost (an application that closes all descriptors): nobody can tell.
  case unknown = 0
  /// The process holds the lock of its slot.
  case alive = 1
  /// The lock is gone and the process did not say goodbye: the slot shows its last state.
  case dead = 2
  /// The process detached cleanly.
  case exited = 3
}

/// What kind of thing a unit is.
public enum UnitKind: UInt8, Equatable, Sendable {
  case thread = 0
  case greenlet = 1
  case task = 2
}

/// Which stack a context lies on.
public enum ContextKind: UInt8, Equatable, Sendable {
  case app = 0
  case request = 1
}

/// Where a connection is.
public enum ConnectionState: UInt8, Equatable, Sendable {
  /// In its pool.
  case idle = 0
  /// Out of its pool.
  case checkedOut = 1
  /// Taken from its pool for good by the application.
  case detached = 2
  /// Opened by another process and used by this one, over a fork.
  case inherited = 3
}

/// Where a resource is.
public enum ResourceState: UInt8, Equatable, Sendable {
  /// Held by its holder.
  case held = 1
  /// Its holder waits for it.
  case waiting = 2
}

/// What came of something that a client asked to be done.
public enum ActionOutcome: UInt8, Equatable, Sendable, CaseIterable {
  /// It is being done.
  case accepted = 1
  /// The app is not to be controlled by anybody.
  case notControlled = 2
  /// The client may only look.
  case onlyLook = 3
  /// No live worker has that pid.
  case noWorker = 4
  /// More than one has it, in different containers.
  case severalWorkers = 5
  /// The worker's server cannot replace a single one.
  case cannotReplace = 6
  /// The worker or its agent is stopped.
  case stopped = 7
}

extension Liveness {
  /// Whether what the worker's slot holds is happening now, and not evidence of the past.
  public var isPresent: Bool {
    switch self {
    case .alive, .unknown: true
    case .dead, .exited: false
    }
  }
}
