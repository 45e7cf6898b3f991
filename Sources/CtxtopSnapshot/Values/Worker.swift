// One server process: who it is, whether it lives, what it counted, and what hangs on it.

/// One worker: the tenant of one slot.
public struct Worker: Equatable, Sendable {
  /// The slot's index in the segment.
  public var slot: Int
  /// Which tenant of the slot this is; (slot, generation) names a worker for ever.
  public var generation: UInt64
  /// Process id, in the worker's own pid namespace.
  public var pid: Int32
  /// The worker's number as its server names it (uWSGI's worker id, gunicorn's age); nil where it has none.
  public var number: Int?
  /// The same for all workers of one running server: two live instances of one service are two groups.
  public var instance: UInt64
  /// The process's start time, nanoseconds since 1970.
  public var started: UInt64
  /// When the agent claimed the slot (monotonic).
  public var attached: UInt64
  /// Whether the process is still there.
  public var liveness: Liveness
  /// The agent thread's last sign of life (monotonic): stale means that the process is stopped or gone.
  public var heartbeat: UInt64
  /// Since when it is being replaced: it takes no new requests (monotonic); nil: it is not.
  public var draining: UInt64?
  /// The server that the worker belongs to.
  public var server: Server
  /// Versions of what runs in it.
  public var runtime: Runtime
  /// What the kernel says of the process; nil where its pid is not visible.
  public var kernel: KernelSample?
  /// The last event of any unit (monotonic); nil before the first.
  public var lastEvent: UInt64?
  /// Occurrences since the slot was claimed.
  public var counters: Counters
  /// Request latencies since the slot was claimed.
  public var latency: LatencyHistogram
  /// Threads, greenlets and tasks, in the order in which they were first seen.
  public var units: [Unit]
  /// Open database connections.
  public var connections: [Connection]
  /// Database engines that opened them.
  public var engines: [Engine]
  /// Teardown failures, one per function, exception and request label.
  public var failures: [TeardownFailure]
  /// Scoped sessions whose context is gone.
  public var sessions: [Session]
  /// Locks and other things that the application told of.
  public var resources: [Resource]
  /// Contexts whose teardown never ran, one per kind, place and request label.
  public var vanished: [VanishedContext]
  /// What is dangerous in the worker's configuration.
  public var hazards: [Hazard]
  /// Records that were being written on every try to read them: not shown, but not silently.
  public var unstable: Int

  /// A worker about which nothing is known yet.
  public init(slot: Int = 0, generation: UInt64 = 0, pid: Int32 = 0) {
    self.slot = slot
    self.generation = generation
    self.pid = pid
    number = nil
    instance = 0
    started = 0
    attached = 0
    liveness = .unknown
    heartbeat = 0
    draining = nil
    server = Server()
    runtime = Runtime()
    kernel = nil
    lastEvent = nil
    counters = Counters()
    latency = LatencyHistogram()
    units = []
    connections = []
    engines = []
    failures = []
    sessions = []
    resources = []
    vanished = []
    hazards = []
    unstable = 0
  }
}

/// The server that a worker belongs to, as far as it tells.
public struct Server: Equatable, Sendable {
  /// `gunicorn`, `uwsgi`, `flask`, ...; empty when not known.
  public var kind: String
  /// The worker model: `sync`, `gthread`, `gevent`, `threads`, ...
  public var model: String
  /// The server's version.
  public var version: String
  /// Configured number of workers; nil where not known.
  public var workers: Int?
  /// Configured threads per worker; nil where not known.
  public var threads: Int?

  /// A server of which nothing is known.
  public init(kind: String = "", model: String = "", version: String = "", workers: Int? = nil, threads: Int? = nil) {
    self.kind = kind
    self.model = model
    self.version = version
    self.workers = workers
    self.threads = threads
  }
}

/// Versions of what runs in a worker; empty where the thing is not there.
public struct Runtime: Equatable, Sendable {
  /// CPython's version.
  public var python: String
  /// Flask's version.
  public var flask: String
  /// Werkzeug's version.
  public var werkzeug: String
  /// SQLAlchemy's version.
  public var sqlalchemy: String
  /// The agent's own version.
  public var agent: String

  /// A runtime of which nothing is known.
  public init(
    python: String = "", flask: String = "", werkzeug: String = "", sqlalchemy: String = "", agent: String = ""
  ) {
    self.python = python
    self.flask = flask
    self.werkzeug = werkzeug
    self.sqlalchemy = sqlalchemy
    self.agent = agent
  }
}

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
