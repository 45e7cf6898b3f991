// One server process: who it is, whether it lives, what it counted, and what hangs on it.

/// One worker: the tenant of one slot. A copy costs little: all copies share everything until one of them changes it, and
/// passes share what is not the worker's pulse.
public struct Worker: Equatable, Sendable {
  /// An array of one, which is shared and copied as arrays are: workers are passed around far more often than read.
  private var parts: [WorkerParts]

  /// A worker about which nothing is known yet.
  public init(slot: Int = 0, generation: UInt64 = 0, pid: Int32 = 0) {
    self.init(WorkerFacts(slot: slot, generation: generation, pid: pid))
  }

  /// A worker with these facts, and without a pulse.
  init(_ facts: WorkerFacts) {
    parts = [WorkerParts(facts: [facts])]
  }
}

extension Worker {
  /// Whether both share what is not their pulse: then it is equal, and that costs nothing to know.
  public func sharesFacts(with other: Worker) -> Bool {
    parts[0].facts.withUnsafeBufferPointer { one in
      other.parts[0].facts.withUnsafeBufferPointer { one.baseAddress == $0.baseAddress }
    }
  }

  /// Takes over what is not another worker's pulse, without a copy of it.
  public mutating func takeFacts(of other: Worker) { parts[0].facts = other.parts[0].facts }

  /// The target that it belongs to; nil: there is only one.
  public var target: String? { origin?.target }
  /// When the pass was that tells of it (monotonic); nil: when the snapshot was.
  public var seen: UInt64? { origin?.seen }
  /// Whether nothing comes from its target any more.
  public var isLost: Bool { origin?.isLost ?? false }
}

/// The pulse, which changes at every pass, and the facts, which do not.
private struct WorkerParts: Equatable, Sendable {
  var liveness = Liveness.unknown
  var heartbeat: UInt64 = 0
  var draining: UInt64?
  var kernel: KernelSample?
  var origin: Origin?
  /// An array of one, shared between passes.
  var facts: [WorkerFacts]
}

extension Worker {
  /// Whether the process is still there.
  public var liveness: Liveness {
    get { parts[0].liveness }
    _modify { yield &parts[0].liveness }
  }
  /// The agent thread's last sign of life (monotonic): stale means that the process is stopped or gone.
  public var heartbeat: UInt64 {
    get { parts[0].heartbeat }
    _modify { yield &parts[0].heartbeat }
  }
  /// Since when it is being replaced: it takes no new requests (monotonic); nil: it is not.
  public var draining: UInt64? {
    get { parts[0].draining }
    _modify { yield &parts[0].draining }
  }
  /// What the kernel says of the process; nil where its pid is not visible.
  public var kernel: KernelSample? {
    get { parts[0].kernel }
    _modify { yield &parts[0].kernel }
  }
  /// Where it comes from, when several targets are watched; nil: there is only one.
  public var origin: Origin? {
    get { parts[0].origin }
    _modify { yield &parts[0].origin }
  }
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
  public var slot: Int { origin.map { $0.slot(parts[0].facts[0].slot) } ?? parts[0].facts[0].slot }
  /// The slot's index in its own segment.
  public var ownSlot: Int {
    get { parts[0].facts[0].slot }
    _modify { yield &parts[0].facts[0].slot }
  }
  /// Which tenant of the slot this is; (slot, generation) names a worker for ever.
  public var generation: UInt64 {
    get { parts[0].facts[0].generation }
    _modify { yield &parts[0].facts[0].generation }
  }
  /// Process id, in the worker's own pid namespace.
  public var pid: Int32 {
    get { parts[0].facts[0].pid }
    _modify { yield &parts[0].facts[0].pid }
  }
  /// The worker's number as its server names it (uWSGI's worker id, gunicorn's age); nil where it has none.
  public var number: Int? {
    get { parts[0].facts[0].number }
    _modify { yield &parts[0].facts[0].number }
  }
  /// The same for all workers of one running server: two live instances of one service are two groups.
  public var instance: UInt64 {
    get { parts[0].facts[0].instance }
    _modify { yield &parts[0].facts[0].instance }
  }
  /// The process's start time, nanoseconds since 1970.
  public var started: UInt64 {
    get { parts[0].facts[0].started }
    _modify { yield &parts[0].facts[0].started }
  }
  /// When the agent claimed the slot (monotonic).
  public var attached: UInt64 {
    get { parts[0].facts[0].attached }
    _modify { yield &parts[0].facts[0].attached }
  }
  /// The server that the worker belongs to.
  public var server: Server {
    get { parts[0].facts[0].server }
    _modify { yield &parts[0].facts[0].server }
  }
  /// Versions of what runs in it.
  public var runtime: Runtime {
    get { parts[0].facts[0].runtime }
    _modify { yield &parts[0].facts[0].runtime }
  }
  /// The last event of any unit (monotonic); nil before the first.
  public var lastEvent: UInt64? {
    get { parts[0].facts[0].lastEvent }
    _modify { yield &parts[0].facts[0].lastEvent }
  }
  /// Occurrences since the slot was claimed.
  public var counters: Counters {
    get { parts[0].facts[0].counters }
    _modify { yield &parts[0].facts[0].counters }
  }
  /// Request latencies since the slot was claimed.
  public var latency: LatencyHistogram {
    get { parts[0].facts[0].latency }
    _modify { yield &parts[0].facts[0].latency }
  }
  /// Threads, greenlets and tasks, in the order in which they were first seen.
  public var units: [Unit] {
    get { parts[0].facts[0].units }
    _modify { yield &parts[0].facts[0].units }
  }
  /// Open database connections.
  public var connections: [Connection] {
    get { parts[0].facts[0].connections }
    _modify { yield &parts[0].facts[0].connections }
  }
  /// Database engines that opened them.
  public var engines: [Engine] {
    get { parts[0].facts[0].engines }
    _modify { yield &parts[0].facts[0].engines }
  }
  /// Teardown failures, one per function, exception and request label.
  public var failures: [TeardownFailure] {
    get { parts[0].facts[0].failures }
    _modify { yield &parts[0].facts[0].failures }
  }
  /// Scoped sessions whose context is gone.
  public var sessions: [Session] {
    get { parts[0].facts[0].sessions }
    _modify { yield &parts[0].facts[0].sessions }
  }
  /// Locks and other things that the application told of.
  public var resources: [Resource] {
    get { parts[0].facts[0].resources }
    _modify { yield &parts[0].facts[0].resources }
  }
  /// Contexts whose teardown never ran, one per kind, place and request label.
  public var vanished: [VanishedContext] {
    get { parts[0].facts[0].vanished }
    _modify { yield &parts[0].facts[0].vanished }
  }
  /// What is dangerous in the worker's configuration.
  public var hazards: [Hazard] {
    get { parts[0].facts[0].hazards }
    _modify { yield &parts[0].facts[0].hazards }
  }
  /// Records that were being written on every try to read them: not shown, but not silently.
  public var unstable: Int {
    get { parts[0].facts[0].unstable }
    _modify { yield &parts[0].facts[0].unstable }
  }
}
