// Turns the words of one slot into a `Worker`. Where the words come from (a mapping, or copies made with
// pread) is the caller's business: it gives a `TableView` for each table. Nothing in a segment is believed:
// every index, count and state is checked before its use.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// The tables of one slot as a reader sees them.
package struct SlotView {
  package let control: Words
  package let lanes: Words
  package let units: TableView
  package let holdings: TableView
  package let failures: TableView
  /// Records of each table that may be looked at.
  package let unitCount: Int
  package let holdingCount: Int
  package let failureCount: Int

  package init(
    control: Words, lanes: Words, units: TableView, holdings: TableView, failures: TableView, unitCount: Int,
    holdingCount: Int, failureCount: Int
  ) {
    self.control = control
    self.lanes = lanes
    self.units = units
    self.holdings = holdings
    self.failures = failures
    self.unitCount = unitCount
    self.holdingCount = holdingCount
    self.failureCount = failureCount
  }
}

/// Reads one slot after the other; keeps a scratch record between them.
package struct SlotReader: ~Copyable {
  private let scratch: Words

  package init() {
    scratch = Words(.allocate(byteCount: CTXTOP_FAILURE_WORDS * 8, alignment: 8))
  }

  deinit { scratch.base.deallocate() }

  /// The slot's worker, without liveness and kernel sample; nil: the slot has no tenant.
  package func worker(slot: Int, view: SlotView, names: [String]) -> Worker? {
    let control = view.control
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    guard tenant.low == Tenancy.live else { return nil }
    var worker = Worker(slot: slot, generation: UInt64(tenant.high))
    readIdentity(&worker, control, names)
    Self.readPulse(&worker, control)
    readCounters(&worker, view)
    readLatency(&worker, control)
    readEngines(&worker, control, names)
    readHazards(&worker, control, names)
    readUnits(&worker, view, names)
    readHoldings(&worker, view, names)
    readFailures(&worker, view, names)
    return worker
  }

  /// Copies a record, trying again while it is being written; nil: it stayed unstable.
  func copy(_ view: TableView, _ index: Int, words: Int) -> Words? {
    for _ in 0..<ChangeCount.readerTries {
      if view.copy(at: index &* words, count: words, into: scratch) { return scratch }
      ctxtop_pause()
    }
    return nil
  }

  private func readIdentity(_ worker: inout Worker, _ control: Words, _ names: [String]) {
    let pid = control.load(CTXTOP_SLOT_PID)
    worker.pid = Int32(bitPattern: pid.low)
    worker.number = Self.known(pid.high)
    worker.instance = control.load(CTXTOP_SLOT_INSTANCE)
    worker.started = control.load(CTXTOP_SLOT_STARTED)
    worker.attached = control.load(CTXTOP_SLOT_ATTACHED)
    let size = control.load(CTXTOP_SLOT_SIZE)
    let server = control.load(CTXTOP_SLOT_SERVER)
    let versions = control.load(CTXTOP_SLOT_SERVER_2)
    worker.server = Server(
      kind: name(server.low, names), model: name(server.high, names), version: name(versions.low, names),
      workers: Self.known(size.low), threads: Self.known(size.high))
    let runtime = control.load(CTXTOP_SLOT_RUNTIME)
    let libraries = control.load(CTXTOP_SLOT_RUNTIME_2)
    worker.runtime = Runtime(
      python: name(runtime.low, names), flask: name(runtime.high, names), werkzeug: name(libraries.low, names),
      sqlalchemy: name(libraries.high, names), agent: name(versions.high, names))
  }

  /// What a worker's agent thread writes twice a second: all that changes in a worker that does nothing.
  static func readPulse(_ worker: inout Worker, _ control: Words) {
    worker.heartbeat = control.load(CTXTOP_SLOT_HEARTBEAT)
    let draining = control.load(CTXTOP_SLOT_DRAINING)
    worker.draining = draining == 0 ? nil : draining
    worker.kernel = nil
    let state = control.load(CTXTOP_SLOT_KERNEL_STATE)
    guard state > 0, state < 128 else { return }
    let queue = control.load(CTXTOP_SLOT_LISTEN_QUEUE)
    worker.kernel = KernelSample(
      state: UInt8(state), residentBytes: control.load(CTXTOP_SLOT_RESIDENT),
      cpuTime: control.load(CTXTOP_SLOT_CPU), time: control.load(CTXTOP_SLOT_SAMPLED),
      since: control.load(CTXTOP_SLOT_KERNEL_SINCE), listenQueue: queue == 0 ? nil : queue &- 1)
  }

  private func readCounters(_ worker: inout Worker, _ view: SlotView) {
    var counters = Counters()
    var lastEvent: UInt64 = 0
    let used = min(Int(truncatingIfNeeded: view.control.load(CTXTOP_SLOT_USED_LANES)), CTXTOP_LANES)
    for index in 0..<max(used, 0) {
      let lane = view.lanes.advanced(by: index * CTXTOP_LANE_WORDS)
      counters.requests &+= lane.load(CTXTOP_LANE_REQUESTS)
      counters.requestsEnded &+= lane.load(CTXTOP_LANE_REQUESTS_ENDED)
      counters.exceptions &+= lane.load(CTXTOP_LANE_EXCEPTIONS)
      counters.contextsPushed &+= lane.load(CTXTOP_LANE_PUSHED)
      counters.contextsPopped &+= lane.load(CTXTOP_LANE_POPPED)
      counters.contextsLeaked &+= lane.load(CTXTOP_LANE_LEAKED)
      counters.contextsReused &+= lane.load(CTXTOP_LANE_REUSED)
      counters.contextsVanished &+= lane.load(CTXTOP_LANE_VANISHED)
      counters.connectionsOpened &+= lane.load(CTXTOP_LANE_OPENED)
      counters.connectionsClosed &+= lane.load(CTXTOP_LANE_CLOSED)
      counters.checkouts &+= lane.load(CTXTOP_LANE_CHECKOUTS)
      counters.checkins &+= lane.load(CTXTOP_LANE_CHECKINS)
      counters.appDepthMax = max(counters.appDepthMax, lane.load(CTXTOP_LANE_APP_DEPTH_MAX))
      counters.requestDepthMax = max(counters.requestDepthMax, lane.load(CTXTOP_LANE_REQUEST_DEPTH_MAX))
      lastEvent = max(lastEvent, lane.load(CTXTOP_LANE_LAST_EVENT))
    }
    counters.teardownFailures = view.control.load(CTXTOP_SLOT_TEARDOWN_FAILURES)
    counters.dropped = dropped(view.control)
    worker.counters = counters
    worker.lastEvent = lastEvent == 0 ? nil : lastEvent
  }

  private func dropped(_ control: Words) -> Dropped {
    var dropped = Dropped()
    dropped.units = control.load(CTXTOP_SLOT_DROPPED_UNITS)
    dropped.contexts = control.load(CTXTOP_SLOT_DROPPED_CONTEXTS)
    dropped.holdings = control.load(CTXTOP_SLOT_DROPPED_HOLDINGS)
    dropped.failures = control.load(CTXTOP_SLOT_DROPPED_FAILURES)
    dropped.names = control.load(CTXTOP_SLOT_DROPPED_NAMES)
    dropped.races = control.load(CTXTOP_SLOT_DROPPED_RACES)
    return dropped
  }

  private func readLatency(_ worker: inout Worker, _ control: Words) {
    worker.latency.longest = control.load(CTXTOP_SLOT_LATENCY_LONGEST)
    guard worker.counters.requestsEnded > 0 else { return }
    worker.latency.counts = [UInt64](unsafeUninitializedCapacity: LatencyHistogram.bucketCount) { buffer, count in
      for bucket in 0..<LatencyHistogram.bucketCount { buffer[bucket] = control.load(CTXTOP_SLOT_LATENCY &+ bucket) }
      count = LatencyHistogram.bucketCount
    }
  }

  private func readEngines(_ worker: inout Worker, _ control: Words, _ names: [String]) {
    let used = min(Int(truncatingIfNeeded: control.load(CTXTOP_SLOT_USED_ENGINES)), CTXTOP_ENGINES)
    for index in 0..<max(used, 0) {
      let engine = control.advanced(by: CTXTOP_SLOT_ENGINES + index * CTXTOP_ENGINE_WORDS)
      guard engine.load(CTXTOP_ENGINE_READY) == 1 else { break }
      let description = engine.load(CTXTOP_ENGINE_NAME)
      let pool = engine.load(CTXTOP_ENGINE_OVERFLOW)
      worker.engines.append(
        Engine(
          url: name(description.low, names), poolSize: Self.known(description.high),
          overflow: pool.low == 0x7fff_ffff ? nil : Int(Int32(bitPattern: pool.low)),
          timeout: pool.high == none32 ? nil : UInt64(pool.high)))
    }
  }

  private func readHazards(_ worker: inout Worker, _ control: Words, _ names: [String]) {
    let used = min(Int(truncatingIfNeeded: control.load(CTXTOP_SLOT_USED_HAZARDS)), CTXTOP_HAZARDS)
    for index in 0..<max(used, 0) {
      let hazard = control.load(CTXTOP_SLOT_HAZARDS &+ index)
      if hazard != 0 { worker.hazards.append(Hazard(code: name(hazard.low, names), message: name(hazard.high, names))) }
    }
  }

  func name(_ number: UInt32, _ names: [String]) -> String {
    number > 0 && Int(number) < names.count ? names[Int(number)] : ""
  }

  func optionalName(_ number: UInt32, _ names: [String]) -> String? { number == 0 ? nil : name(number, names) }

  func label(_ word: UInt64, _ names: [String]) -> RequestLabel {
    let label = Label(word: word)
    return RequestLabel(
      method: Method.name(label.method), endpoint: optionalName(label.endpoint, names),
      rule: optionalName(label.rule, names))
  }

  static func known(_ half: UInt32) -> Int? { half == none32 ? nil : Int(half) }
}
