// What a worker counts.

/// Occurrences in one worker since its slot was claimed; every number only grows, and is exact even
/// when the record that would have described the occurrence was dropped.
public struct Counters: Equatable, Sendable {
  /// Requests begun.
  public var requests: UInt64 = 0
  /// Requests whose response was closed (or that left by an exception).
  public var requestsEnded: UInt64 = 0
  /// Exceptions that left the application.
  public var exceptions: UInt64 = 0
  /// Contexts pushed, of both kinds.
  public var contextsPushed: UInt64 = 0
  /// Contexts popped, of both kinds.
  public var contextsPopped: UInt64 = 0
  /// Contexts found on a stack after their request was closed.
  public var contextsLeaked: UInt64 = 0
  /// Requests that ran on an app context which they did not push.
  public var contextsReused: UInt64 = 0
  /// Database connections opened.
  public var connectionsOpened: UInt64 = 0
  /// Database connections closed.
  public var connectionsClosed: UInt64 = 0
  /// Connections checked out of a pool.
  public var checkouts: UInt64 = 0
  /// Connections returned to a pool.
  public var checkins: UInt64 = 0
  /// Teardown functions that raised.
  public var teardownFailures: UInt64 = 0
  /// Greatest app depth of any unit so far.
  public var appDepthMax: UInt64 = 0
  /// Greatest request depth of any unit so far.
  public var requestDepthMax: UInt64 = 0
  /// Contexts that went from the stack without a pop: their teardown never ran.
  public var contextsVanished: UInt64 = 0
  /// Events that could not be described, by reason.
  public var dropped = Dropped()

  /// All counters at zero.
  public init() {}
}

/// Events that were counted but not described, by what was full.
public struct Dropped: Equatable, Sendable {
  /// No unit record was free.
  public var units: UInt64 = 0
  /// A unit's stack was deeper than its record holds.
  public var contexts: UInt64 = 0
  /// No record was free for a connection, session or resource.
  public var holdings: UInt64 = 0
  /// No failure record was free.
  public var failures: UInt64 = 0
  /// The table of names was full: something is shown without its name.
  public var names: UInt64 = 0
  /// Two threads wanted the same record, and one gave up.
  public var races: UInt64 = 0

  /// Nothing dropped.
  public init() {}

  /// All of them; wraps around instead of trapping.
  public var total: UInt64 { units &+ contexts &+ holdings &+ failures &+ names &+ races }
}
