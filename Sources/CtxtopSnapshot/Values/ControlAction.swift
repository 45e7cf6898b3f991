// What clients of an app's socket asked to be done, beyond being shown something: to have a worker replaced.

/// One request, and what came of it.
public struct ControlAction: Equatable, Hashable, Sendable {
  /// Its number among all of the service, from 1.
  public var number: UInt64
  /// When it was asked for: nanoseconds since 1970.
  public var time: UInt64
  /// The client's user id as the agent sees it; 65534 also for one that its user namespace has no id for.
  public var user: UInt32
  /// The client's process id as the agent sees it; 0: it cannot.
  public var pid: UInt32
  /// The pid that was asked for, which need not be that of any worker.
  public var worker: UInt32
  /// What came of it; nil: something that this version does not know.
  public var outcome: ActionOutcome?
  /// The target whose worker it is, where several are watched together.
  public var target: String?

  /// An action with everything given.
  public init(
    number: UInt64, time: UInt64, user: UInt32, pid: UInt32, worker: UInt32, outcome: ActionOutcome?
  ) {
    self.number = number
    self.time = time
    self.user = user
    self.pid = pid
    self.worker = worker
    self.outcome = outcome
  }
}

/// How many actions there were since the segment was made.
public struct ActionCounts: Equatable, Hashable, Sendable {
  /// Those that were or are being done.
  public var accepted: UInt64
  /// Those that were not.
  public var refused: UInt64

  /// Counts of both kinds.
  public init(accepted: UInt64 = 0, refused: UInt64 = 0) {
    self.accepted = accepted
    self.refused = refused
  }
}
