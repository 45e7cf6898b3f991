// Random snapshots: what a record can hold, whether or not it makes sense.

import CtxtopSnapshot

/// A snapshot with something in every field.
package struct RandomSnapshot: DiceThrower {
  package var dice: Dice

  package init(seed: UInt64) { dice = Dice(state: seed) }

  /// The snapshot of the seed.
  package func make() -> Snapshot {
    var copy = self
    return copy.snapshot()
  }

  private mutating func action() -> ControlAction {
    ControlAction(
      number: number(), time: number(), user: UInt32(truncatingIfNeeded: number()),
      pid: UInt32(truncatingIfNeeded: number()), worker: UInt32(truncatingIfNeeded: number()),
      outcome: ActionOutcome(rawValue: UInt8(small(8))))
  }

  private mutating func snapshot() -> Snapshot {
    var snapshot = Snapshot(service: text(), host: text(), wallTime: number(), monotonicTime: number())
    for _ in 0..<small(4) { snapshot.workers.append(worker()) }
    snapshot.actionCounts = ActionCounts(accepted: number(), refused: number())
    for _ in 0..<small(4) { snapshot.actions.append(action()) }
    return snapshot
  }

  private mutating func worker() -> Worker {
    var worker = Worker(slot: small(1000), generation: number(), pid: Int32(truncatingIfNeeded: next()))
    worker.number = flip() ? small(100) - 50 : nil
    worker.instance = number()
    worker.started = number()
    worker.attached = number()
    worker.liveness = [.unknown, .alive, .dead, .exited][small(4)]
    worker.heartbeat = number()
    worker.draining = flip() ? max(number(), 1) : nil
    worker.server = Server(
      kind: text(), model: text(), version: text(), workers: flip() ? small(9) : nil, threads: flip() ? small(9) : nil)
    worker.runtime = Runtime(python: text(), flask: text(), werkzeug: text(), sqlalchemy: text(), agent: text())
    if flip() {
      worker.kernel = KernelSample(
        state: UInt8(small(256)), residentBytes: number(), cpuTime: number(), time: number())
    }
    worker.lastEvent = flip() ? number() : nil
    worker.counters = counters()
    worker.latency = histogram()
    for _ in 0..<small(5) { worker.units.append(unit()) }
    for _ in 0..<small(3) {
      worker.engines.append(
        Engine(
          url: text(), poolSize: flip() ? small(9) : nil, overflow: flip() ? small(9) - 1 : nil,
          timeout: flip() ? number() : nil))
    }
    for _ in 0..<small(5) { worker.connections.append(connection(worker.engines.count)) }
    for _ in 0..<small(4) { worker.failures.append(failure { $0.number() }) }
    worker.unstable = small(9)
    return worker
  }

  private mutating func counters() -> Counters {
    var counters = Counters()
    let paths: [WritableKeyPath<Counters, UInt64>] = [
      \.requests, \.requestsEnded, \.exceptions, \.contextsPushed, \.contextsPopped, \.contextsLeaked,
      \.contextsReused, \.connectionsOpened, \.connectionsClosed, \.checkouts, \.checkins, \.teardownFailures,
      \.appDepthMax, \.requestDepthMax, \.dropped.units, \.dropped.contexts, \.dropped.holdings,
      \.dropped.failures, \.dropped.names, \.dropped.races,
    ]
    for path in paths { counters[keyPath: path] = number() }
    return counters
  }

  private mutating func histogram() -> LatencyHistogram {
    var histogram = LatencyHistogram()
    histogram.longest = number()
    guard flip() else { return histogram }
    histogram.counts = (0..<LatencyHistogram.bucketCount).map { _ in flip() ? 0 : number() }
    return histogram
  }

  private mutating func unit() -> Unit {
    var unit = Unit(id: small(1000), generation: number())
    unit.kind = [.thread, .greenlet, .task][small(3)]
    unit.nativeID = number()
    unit.name = text()
    unit.isGone = flip()
    unit.appDepth = small(100)
    unit.requestDepth = small(100)
    unit.requests = number()
    unit.reused = number()
    unit.latestRequest = number()
    if flip() {
      unit.request = Request(serial: number(), label: label() ?? RequestLabel(), started: number(), isStreaming: flip())
    }
    unit.lastEvent = number()
    for _ in 0..<small(4) { unit.contexts.append(context()) }
    unit.outermostRequest = number()
    return unit
  }

  private mutating func context() -> Context {
    var context = Context(serial: number(), kind: flip() ? .app : .request)
    context.isPreserved = flip()
    context.pushed = number()
    context.left = flip() ? number() : nil
    context.request = number()
    context.label = label()
    context.frame = text()
    context.served = number()
    return context
  }

  private mutating func connection(_ engines: Int) -> Connection {
    var connection = Connection(id: small(1000), generation: number())
    connection.engine = engines > 0 && flip() ? small(UInt64(engines)) : nil
    connection.backendPID = flip() ? Int32(truncatingIfNeeded: next()) : nil
    connection.state = [.idle, .checkedOut, .detached, .inherited][small(4)]
    connection.opened = number()
    connection.since = number()
    if flip() {
      connection.holder = Holder(
        unit: flip() ? small(9) : nil, unitGeneration: number(), request: number(), context: number(),
        label: label(), frame: text())
    }
    return connection
  }
}
