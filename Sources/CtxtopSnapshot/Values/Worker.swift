// One server process: who it is, whether it lives, what it counted, and what hangs on it.

/// One worker: the tenant of one slot. A copy costs little: all copies share what is not the worker's pulse, until
/// one of them changes it.
public struct Worker: Equatable, Sendable {
  /// Whether the process is still there.
  public var liveness = Liveness.unknown
  /// The agent thread's last sign of life (monotonic): stale means that the process is stopped or gone.
  public var heartbeat: UInt64 = 0
  /// Since when it is being replaced: it takes no new requests (monotonic); nil: it is not.
  public var draining: UInt64?
  /// What the kernel says of the process; nil where its pid is not visible.
  public var kernel: KernelSample?
  /// Where it comes from, when several targets are watched; nil: there is only one.
  public var origin: Origin?
  /// The rest. An array of one, which is shared and copied as arrays are.
  private var shared: [WorkerFacts]

  /// A worker about which nothing is known yet.
  public init(slot: Int = 0, generation: UInt64 = 0, pid: Int32 = 0) {
    shared = [WorkerFacts(slot: slot, generation: generation, pid: pid)]
  }

  /// A worker with these facts, and without a pulse.
  init(_ facts: WorkerFacts) {
    shared = [facts]
  }
}

extension Worker {
  /// Whether both share what is not their pulse: then it is equal, and that costs nothing to know.
  public func sharesFacts(with other: Worker) -> Bool {
    shared.withUnsafeBufferPointer { one in
      other.shared.withUnsafeBufferPointer { one.baseAddress == $0.baseAddress }
    }
  }

  /// Takes over what is not another worker's pulse, without a copy of it.
  public mutating func takeFacts(of other: Worker) { shared = other.shared }

  /// The target that it belongs to; nil: there is only one.
  public var target: String? { origin?.target }
  /// When the pass was that tells of it (monotonic); nil: when the snapshot was.
  public var seen: UInt64? { origin?.seen }
  /// Whether nothing comes from its target any more.
  public var isLost: Bool { origin?.isLost ?? false }
}

/// Everything about a worker but its pulse: what does not change in a worker that does nothing.
struct WorkerFacts: Equatable, Sendable {
  var slot: Int
  var generation: UInt64
  var pid: Int32
  var number: Int?
  var instance: UInt64 = 0
  var started: UInt64 = 0
  var attached: UInt64 = 0
  var server = Server()
  var runtime = Runtime()
  var lastEvent: UInt64?
  var counters = Counters()
  var latency = LatencyHistogram()
  var units: [Unit] = []
  var connections: [Connection] = []
  var engines: [Engine] = []
  var failures: [TeardownFailure] = []
  var sessions: [Session] = []
  var resources: [Resource] = []
  var vanished: [VanishedContext] = []
  var hazards: [Hazard] = []
  var unstable = 0

  init(slot: Int = 0, generation: UInt64 = 0, pid: Int32 = 0) {
    self.slot = slot
    self.generation = generation
    self.pid = pid
  }
}

extension Worker {
  /// The slot's index in the segment; of several targets a number that no worker of another one has.
  public var slot: Int { origin.map { $0.slot(shared[0].slot) } ?? shared[0].slot }
  /// The slot's index in its own segment.
  public var ownSlot: Int {
    get { shared[0].slot }
    _modify { yield &shared[0].slot }
  }
  /// Which tenant of the slot this is; (slot, generation) names a worker for ever.
  public var generation: UInt64 {
    get { shared[0].generation }
    _modify { yield &shared[0].generation }
  }
  /// Process id, in the worker's own pid namespace.
  public var pid: Int32 {
    get { shared[0].pid }
    _modify { yield &shared[0].pid }
  }
  /// The worker's number as its server names it (uWSGI's worker id, gunicorn's age); nil where it has none.
  public var number: Int? {
    get { shared[0].number }
    _modify { yield &shared[0].number }
  }
  /// The same for all workers of one running server: two live instances of one service are two groups.
  public var instance: UInt64 {
    get { shared[0].instance }
    _modify { yield &shared[0].instance }
  }
  /// The process's start time, nanoseconds since 1970.
  public var started: UInt64 {
    get { shared[0].started }
    _modify { yield &shared[0].started }
  }
  /// When the agent claimed the slot (monotonic).
  public var attached: UInt64 {
    get { shared[0].attached }
    _modify { yield &shared[0].attached }
  }
  /// The server that the worker belongs to.
  public var server: Server {
    get { shared[0].server }
    _modify { yield &shared[0].server }
  }
  /// Versions of what runs in it.
  public var runtime: Runtime {
    get { shared[0].runtime }
    _modify { yield &shared[0].runtime }
  }
  /// The last event of any unit (monotonic); nil before the first.
  public var lastEvent: UInt64? {
    get { shared[0].lastEvent }
    _modify { yield &shared[0].lastEvent }
  }
  /// Occurrences since the slot was claimed.
  public var counters: Counters {
    get { shared[0].counters }
    _modify { yield &shared[0].counters }
  }
  /// Request latencies since the slot was claimed.
  public var latency: LatencyHistogram {
    get { shared[0].latency }
    _modify { yield &shared[0].latency }
  }
  /// Threads, greenlets and tasks, in the order in which they were first seen.
  public var units: [Unit] {
    get { shared[0].units }
    _modify { yield &shared[0].units }
  }
  /// Open database connections.
  public var connections: [Connection] {
    get { shared[0].connections }
    _modify { yield &shared[0].connections }
  }
  /// Database engines that opened them.
  public var engines: [Engine] {
    get { shared[0].engines }
    _modify { yield &shared[0].engines }
  }
  /// Teardown failures, one per function, exception and request label.
  public var failures: [TeardownFailure] {
    get { shared[0].failures }
    _modify { yield &shared[0].failures }
  }
  /// Scoped sessions whose context is gone.
  public var sessions: [Session] {
    get { shared[0].sessions }
    _modify { yield &shared[0].sessions }
  }
  /// Locks and other things that the application told of.
  public var resources: [Resource] {
    get { shared[0].resources }
    _modify { yield &shared[0].resources }
  }
  /// Contexts whose teardown never ran, one per kind, place and request label.
  public var vanished: [VanishedContext] {
    get { shared[0].vanished }
    _modify { yield &shared[0].vanished }
  }
  /// What is dangerous in the worker's configuration.
  public var hazards: [Hazard] {
    get { shared[0].hazards }
    _modify { yield &shared[0].hazards }
  }
  /// Records that were being written on every try to read them: not shown, but not silently.
  public var unstable: Int {
    get { shared[0].unstable }
    _modify { yield &shared[0].unstable }
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
