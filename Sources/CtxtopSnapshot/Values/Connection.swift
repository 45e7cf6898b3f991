// Database connections, the engines that opened them, and who holds which.

/// One open database connection.
public struct Connection: Equatable, Sendable {
  /// The connection's index in its worker.
  public var id: Int
  /// Which tenant of that index this is.
  public var generation: UInt64
  /// Index of its engine in `Worker.engines`; nil where that table was full.
  public var engine: Int?
  /// The database server's process id for it, where the driver tells; nil otherwise.
  public var backendPID: Int32?
  /// Idle, checked out, detached or inherited.
  public var state: ConnectionState
  /// When it was opened (monotonic).
  public var opened: UInt64
  /// When it came into its present state (monotonic).
  public var since: UInt64
  /// Who checked it out; nil unless it is out.
  public var holder: Holder?

  /// A connection of which nothing is known yet.
  public init(id: Int = 0, generation: UInt64 = 0) {
    self.id = id
    self.generation = generation
    engine = nil
    backendPID = nil
    state = .idle
    opened = 0
    since = 0
    holder = nil
  }
}

/// The unit, request and context that checked a connection out.
public struct Holder: Equatable, Sendable {
  /// The unit's index in its worker; nil where its table was full.
  public var unit: Int?
  /// Which tenant of that index.
  public var unitGeneration: UInt64
  /// Serial number of the request it was serving; 0: none.
  public var request: UInt64
  /// Serial number of the app context it was in; 0: outside of any context. A unit that works in a copy of another's
  /// context variables is not the holder: the unit, request and context are those that it works for. A context that
  /// had been popped before has a serial number that was never on a stack.
  public var context: UInt64
  /// How that request is named; nil outside of any request.
  public var label: RequestLabel?
  /// First frame of the application's own code, `file:line function`; empty where there was none.
  public var frame: String

  /// A holder with every part given.
  public init(
    unit: Int?, unitGeneration: UInt64, request: UInt64, context: UInt64, label: RequestLabel?, frame: String
  ) {
    self.unit = unit
    self.unitGeneration = unitGeneration
    self.request = request
    self.context = context
    self.label = label
    self.frame = frame
  }
}

/// A database engine and the configuration of its pool.
public struct Engine: Equatable, Sendable {
  /// URL without user name's password and without query, e.g. `postgresql://app@db/shop`.
  public var url: String
  /// Configured pool size; nil for pools without one.
  public var poolSize: Int?
  /// Configured overflow; nil for pools without one; -1: unlimited.
  public var overflow: Int?
  /// How long a checkout waits for a connection, in milliseconds; nil where not known.
  public var timeout: UInt64?

  /// An engine with every part given.
  public init(url: String, poolSize: Int? = nil, overflow: Int? = nil, timeout: UInt64? = nil) {
    self.url = url
    self.poolSize = poolSize
    self.overflow = overflow
    self.timeout = timeout
  }
}
