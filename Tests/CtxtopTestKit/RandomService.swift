// Random services as they could be: two passes over one, with something in every field that JSON carries. What a
// segment keeps true is true here: identities are unique, a context lies on one stack, sums fit what they are sums of.

import CtxtopRandomKit
import CtxtopSnapshot

/// Makes one from a seed.
package struct RandomService: DiceThrower {
  package var dice: Dice
  private var serial: UInt64 = 0
  private var now: UInt64 = 0
  private var wallTime: UInt64 = 0

  /// Of each seed another one.
  package init(seed: UInt64) { dice = Dice(state: seed &* 0x9E37_79B9_7F4A_7C15) }

  /// Two passes, between a quarter of a second and a few seconds apart.
  package mutating func passes() -> (earlier: Snapshot, now: Snapshot) {
    let snapshot = snapshot()
    var earlier = snapshot
    let gap = 250_000_000 + next() % 4_000_000_000
    earlier.monotonicTime = now > gap ? now - gap : 0
    earlier.wallTime = wallTime > gap ? wallTime - gap : 0
    for index in earlier.workers.indices {
      if let sample = earlier.workers[index].kernel {
        earlier.workers[index].kernel?.cpuTime = sample.cpuTime - min(sample.cpuTime, next() % gap)
        earlier.workers[index].kernel?.time = sample.time - min(sample.time, gap)
      }
    }
    return (earlier, snapshot)
  }

  // MARK: - Values

  private mutating func newSerial() -> UInt64 {
    serial += 1 + next() % 5
    return serial
  }

  /// Mostly before now, to the nanosecond; sometimes not known, sometimes a little later.
  private mutating func moment() -> UInt64 {
    if rarely() { return 0 }
    if rarely() { return now + next() % 1_000_000 }
    return now - min(now, number() >> 16)
  }

  private mutating func time() -> UInt64 { rarely() ? 0 : wallTime - min(wallTime, number() >> 8) }

  private mutating func holder(in worker: Worker) -> Holder? {
    if rarely() { return nil }
    let units = worker.units
    let unit = units.isEmpty || rarely() ? nil : units[small(UInt64(units.count))]
    let context = unit?.contexts.last?.serial ?? 0
    return Holder(
      unit: unit?.id, unitGeneration: unit?.generation ?? 0, request: flip() ? newSerial() : 0,
      context: flip() ? context : flip() ? newSerial() : 0, label: label(), frame: text())
  }

  // MARK: - The service

  private mutating func snapshot() -> Snapshot {
    now = 1_000_000_000 + next() >> (2 + next() % 30)
    wallTime = 1_500_000_000_000_000_000 + next() >> 5
    var snapshot = Snapshot(service: text(), host: text(), wallTime: wallTime, monotonicTime: now)
    for slot in 0..<small(4) { snapshot.workers.append(worker(slot)) }
    snapshot.actionCounts = ActionCounts(accepted: number(), refused: number())
    snapshot.actions = (0..<small(4)).map { _ in action() }
    return snapshot
  }

  private mutating func action() -> ControlAction {
    ControlAction(
      number: number(), time: time(), user: UInt32(truncatingIfNeeded: number()),
      pid: UInt32(truncatingIfNeeded: number()), worker: UInt32(truncatingIfNeeded: number()),
      outcome: ActionOutcome(rawValue: UInt8(small(8))))
  }

  private mutating func worker(_ slot: Int) -> Worker {
    var worker = Worker(slot: slot * 3, generation: number(), pid: Int32(1000 + slot * 100 + small(100)))
    worker.number = flip() ? small(100) - 50 : nil
    worker.instance = number()
    worker.started = time()
    worker.attached = now - min(now, number() >> 10)
    worker.liveness = [.unknown, .alive, .alive, .alive, .dead, .exited][small(6)]
    worker.heartbeat = now - min(now, next() % 3_000_000_000)
    worker.draining = rarely() ? moment() : nil
    worker.server = Server(
      kind: text(), model: rarely() ? "sync" : "gthread", version: text(), workers: flip() ? small(9) : nil,
      threads: flip() ? small(9) : nil)
    worker.runtime = Runtime(python: text(), flask: text(), werkzeug: text(), sqlalchemy: text(), agent: text())
    if !rarely() {
      let letters = Array("RSSSDTtZ".utf8)
      worker.kernel = KernelSample(
        state: letters[small(UInt64(letters.count))], residentBytes: rarely() ? 0 : number(), cpuTime: number() >> 8,
        time: now, since: moment(), listenQueue: flip() ? number() : nil)
    }
    worker.lastEvent = rarely() ? nil : moment()
    worker.latency = latency()
    worker.units = (0..<small(5)).map { unit($0 * 2 + small(2)) }
    fillHoldings(of: &worker)
    worker.failures = (0..<small(4)).map { _ in failure() }
    worker.vanished = (0..<small(3)).map { _ in vanished() }
    worker.hazards = (0..<small(3)).map { _ in Hazard(code: text(), message: text()) }
    worker.counters = counters(of: worker)
    worker.unstable = small(9)
    return worker
  }

  private mutating func latency() -> LatencyHistogram {
    var latency = LatencyHistogram()
    if rarely() { return latency }
    latency.counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    for _ in 0..<(1 + small(6)) {
      let bucket = small(UInt64(LatencyHistogram.bucketCount))
      latency.counts[bucket] += 1 + number() >> 30
      latency.longest = max(latency.longest, LatencyHistogram.lowerBound(of: bucket) + next() % 200)
    }
    if rarely() { latency.longest = next() % 1000 }
    return latency
  }

  private mutating func counters(of worker: Worker) -> Counters {
    var counters = Counters()
    let paths: [WritableKeyPath<Counters, UInt64>] = [
      \.requests, \.exceptions, \.contextsPushed, \.contextsPopped, \.contextsLeaked, \.contextsReused, \.checkouts,
      \.checkins, \.teardownFailures, \.appDepthMax, \.requestDepthMax, \.contextsVanished,
    ]
    for path in paths { counters[keyPath: path] = number() >> 8 }
    counters.requestsEnded = counters.requests - min(counters.requests, number() >> 20)
    counters.connectionsClosed = number() >> 8
    counters.connectionsOpened = counters.connectionsClosed + number() >> 30
    guard flip() else { return counters }
    let reasons: [WritableKeyPath<Dropped, UInt64>] = [\.units, \.contexts, \.holdings, \.failures, \.names, \.races]
    for reason in reasons where flip() { counters.dropped[keyPath: reason] = number() >> 8 }
    return counters
  }

  private mutating func unit(_ id: Int) -> Unit {
    var unit = Unit(id: id, generation: number())
    unit.kind = [.thread, .greenlet, .task][small(3)]
    unit.nativeID = number()
    unit.name = text()
    unit.isGone = rarely()
    unit.appDepth = small(100)
    unit.requestDepth = small(100)
    unit.requests = number()
    unit.reused = flip() ? number() : 0
    unit.latestRequest = newSerial()
    if flip() {
      unit.request = Request(
        serial: newSerial(), label: label() ?? RequestLabel(), started: moment(), isStreaming: flip())
    }
    unit.lastEvent = moment()
    for _ in 0..<small(4) { unit.contexts.append(context(of: unit.request)) }
    return unit
  }

  private mutating func context(of request: Request?) -> Context {
    var context = Context(serial: newSerial(), kind: flip() ? .app : .request)
    context.isPreserved = rarely()
    context.pushed = moment()
    context.left = rarely() ? moment() : nil
    context.request = flip() ? request?.serial ?? 0 : flip() ? newSerial() : 0
    context.label = label()
    context.frame = text()
    context.served = flip() ? number() : 0
    return context
  }

  // MARK: - What it holds

  private mutating func fillHoldings(of worker: inout Worker) {
    for _ in 0..<small(4) {
      worker.engines.append(
        Engine(
          url: flip() ? "postgresql://app@db/shop" : text(), poolSize: flip() ? small(9) : nil,
          overflow: flip() ? small(9) - 1 : nil, timeout: flip() ? number() : nil))
    }
    for id in 0..<small(6) {
      var connection = Connection(id: id, generation: number())
      connection.engine = worker.engines.isEmpty || rarely() ? nil : small(UInt64(worker.engines.count))
      connection.backendPID = flip() ? Int32(truncatingIfNeeded: next()) : nil
      connection.state = [.idle, .checkedOut, .detached, .inherited][small(4)]
      connection.opened = moment()
      connection.since = moment()
      connection.holder = holder(in: worker)
      worker.connections.append(connection)
    }
    for id in 0..<small(3) { worker.sessions.append(session(10 + id, in: worker)) }
    for id in 0..<small(3) { worker.resources.append(resource(20 + id, in: worker)) }
  }

  private mutating func session(_ id: Int, in worker: Worker) -> Session {
    var session = Session(id: id, generation: number())
    session.scope = text()
    session.since = moment()
    session.isInTransaction = flip()
    session.isDirty = flip()
    session.holder = holder(in: worker)
    if flip() {
      session.heirRequest = newSerial()
      session.heir = label()
    }
    session.hasEnded = rarely()
    return session
  }

  private mutating func resource(_ id: Int, in worker: Worker) -> Resource {
    var resource = Resource(id: id, generation: number())
    resource.kind = text()
    resource.name = text()
    resource.state = flip() ? .held : .waiting
    resource.since = moment()
    resource.holder = holder(in: worker)
    return resource
  }

  private mutating func failure() -> TeardownFailure {
    var failure = failure { $0.time() }
    failure.traceback += "\n" + text()
    return failure
  }

  private mutating func vanished() -> VanishedContext {
    var vanished = VanishedContext(kind: flip() ? .app : .request)
    vanished.frame = text()
    vanished.label = label()
    vanished.unit = flip() ? small(9) : nil
    vanished.count = number()
    vanished.first = time()
    vanished.last = time()
    return vanished
  }
}
