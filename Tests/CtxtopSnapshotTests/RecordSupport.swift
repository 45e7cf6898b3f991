// What the record tests need: random snapshots that are the same every time, and checksums by another
// method than the encoder's.

import CtxtopSnapshot

/// A small generator of numbers that looks random and is not.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}

/// Puts true headers in front of false payloads.
enum Seal {
  static func record(_ payload: [UInt8]) -> [UInt8] {
    var record = Array(RecordEncoder.encode(Snapshot())[..<RecordHeader.byteCount]) + payload
    replace(&record, at: 12, with: UInt32(payload.count))
    replace(&record, at: 32, with: crc32c(payload[...]))
    header(&record)
    return record
  }

  static func header(_ record: inout [UInt8]) {
    replace(&record, at: 36, with: crc32c(record[..<36]))
  }

  /// Bit by bit, as the polynomial says.
  static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  private static func replace(_ bytes: inout [UInt8], at offset: Int, with value: UInt32) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}

/// A snapshot with something in every field.
struct RandomSnapshot {
  private var generator: SplitMix

  init(seed: UInt64) { generator = SplitMix(state: seed) }

  func make() -> Snapshot {
    var copy = self
    return copy.snapshot()
  }

  private mutating func number() -> UInt64 {
    let value = generator.next()
    return value >> (generator.next() % 64)
  }

  private mutating func small(_ limit: UInt64) -> Int { Int(generator.next() % limit) }
  private mutating func flip() -> Bool { generator.next() & 1 == 1 }

  private mutating func text() -> String {
    let texts = ["", "a", "GET", "/chat/<id>", "shop.py:41 chat", "naïve", "日本", "\u{0}\u{1B}[2J", "\"\\\u{2028}", "👩‍👩‍👧"]
    return texts[small(UInt64(texts.count))] + (flip() ? String(repeating: "z", count: small(60)) : "")
  }

  private mutating func label() -> RequestLabel? {
    flip() ? RequestLabel(method: text(), endpoint: flip() ? text() : nil, rule: flip() ? text() : nil) : nil
  }

  private mutating func snapshot() -> Snapshot {
    var snapshot = Snapshot(service: text(), host: text(), wallTime: number(), monotonicTime: number())
    for _ in 0..<small(4) { snapshot.workers.append(worker()) }
    return snapshot
  }

  private mutating func worker() -> Worker {
    var worker = Worker(slot: small(1000), generation: number(), pid: Int32(truncatingIfNeeded: generator.next()))
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
    for _ in 0..<small(4) { worker.failures.append(failure()) }
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
    connection.backendPID = flip() ? Int32(truncatingIfNeeded: generator.next()) : nil
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

  private mutating func failure() -> TeardownFailure {
    var failure = TeardownFailure(function: text(), exception: text())
    failure.location = text()
    failure.kind = flip() ? .app : .request
    failure.blueprint = flip() ? text() : nil
    failure.message = text()
    failure.label = label()
    failure.unit = flip() ? small(9) : nil
    failure.count = number()
    failure.first = number()
    failure.last = number()
    failure.skipped = (0..<small(4)).map { _ in text() }
    failure.traceback = text()
    return failure
  }
}
