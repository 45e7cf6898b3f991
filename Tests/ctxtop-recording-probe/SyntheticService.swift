// A service that is busy all day, faster than a real one: every second it serves requests, and what a record holds of
// them changes as it does in a real server. Numbers that nobody could guess - when something happened, to the
// nanosecond - are drawn, for they are what a recording cannot make small.

import CtxtopRandomKit
import CtxtopSnapshot

/// Makes the snapshots of a day, second by second.
struct SyntheticService {
  private static let second: UInt64 = 1_000_000_000
  private static let labels = [
    RequestLabel(method: "GET", endpoint: "cart", rule: "/cart/<int:id>"),
    RequestLabel(method: "GET", endpoint: "products.detail", rule: "/products/<slug>"),
    RequestLabel(method: "GET", endpoint: "products.list", rule: "/products"),
    RequestLabel(method: "POST", endpoint: "checkout", rule: "/checkout"),
    RequestLabel(method: "GET", endpoint: "api.stock", rule: "/api/stock/<int:id>"),
    RequestLabel(method: "GET", endpoint: "static", rule: "/static/<path:filename>"),
  ]

  private(set) var snapshot: Snapshot
  private var dice: Dice
  private var tick = 0
  /// Requests a second, in each worker, in the busiest hour.
  private let peak: Double

  init(workers: Int, units: Int, peak: Double = 10, seed: UInt64 = 1) {
    dice = Dice(state: seed)
    self.peak = peak
    snapshot = Snapshot(
      service: "shop", host: "prod-3", wallTime: 1_795_305_600 * Self.second, monotonicTime: 400_000 * Self.second)
    for slot in 0..<workers { snapshot.workers.append(worker(slot, units: units)) }
  }

  private mutating func worker(_ slot: Int, units: Int) -> Worker {
    let now = snapshot.monotonicTime
    var worker = Worker(slot: slot, generation: 1, pid: Int32(4312 + slot))
    worker.number = slot + 1
    worker.instance = 0xC0FFEE
    worker.started = snapshot.wallTime - 3600 * Self.second
    worker.attached = now - 3599 * Self.second
    worker.liveness = .alive
    worker.server = Server(kind: "gunicorn", model: "gthread", version: "27.0.1", workers: 16, threads: units)
    worker.runtime = Runtime(python: "3.11.7", flask: "3.1.3", werkzeug: "3.1.9", sqlalchemy: "2.0.58", agent: "1.0.0")
    worker.kernel = KernelSample(
      state: UInt8(ascii: "S"), residentBytes: 178 << 20, cpuTime: 900 * Self.second, time: now)
    worker.engines = [Engine(url: "postgresql://app@db/shop", poolSize: 10, overflow: 0, timeout: 30_000)]
    worker.latency.counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    worker.counters.appDepthMax = 1
    worker.counters.requestDepthMax = 1
    for index in 0..<units {
      var unit = Unit(id: index, generation: 1)
      unit.nativeID = 4400 + UInt64(slot * 100 + index)
      unit.name = "ThreadPoolExecutor-0_\(index)"
      worker.units.append(unit)
      var connection = Connection(id: index, generation: 1)
      connection.engine = 0
      connection.backendPID = 7000 + Int32(slot * 100 + index)
      connection.opened = now - 1000 * Self.second
      worker.connections.append(connection)
    }
    worker.counters.connectionsOpened = UInt64(units)
    return worker
  }

  /// The service a second later.
  mutating func advance(hour: Double = 12) {
    tick += 1
    snapshot.wallTime += Self.second + dice.number(below: 2_000_000)
    snapshot.monotonicTime += Self.second + dice.number(below: 2_000_000)
    // The night is quieter than the afternoon.
    let load = peak * (hour < 6 ? 0.15 : hour < 9 ? 0.5 : hour < 18 ? 1 : 0.6)
    for index in snapshot.workers.indices { advance(index, requests: load) }
  }

  private mutating func advance(_ index: Int, requests load: Double) {
    let now = snapshot.monotonicTime
    var worker = snapshot.workers[index]
    worker.heartbeat = now - dice.number(below: 100_000_000)
    var busiest: UInt64 = worker.lastEvent ?? 0
    for unit in worker.units.indices where worker.units[unit].request != nil && dice.chance(0.8) {
      end(&worker, unit)
    }
    let requests = Int(load) + Int(dice.number(below: UInt64(load) + 1)) - Int(load) / 2
    for _ in 0..<max(0, requests) {
      let unit = Int(dice.number(below: UInt64(worker.units.count)))
      guard worker.units[unit].request == nil else { continue }
      serve(&worker, unit)
      busiest = max(busiest, worker.units[unit].lastEvent)
    }
    for unit in worker.units.indices where worker.units[unit].request == nil && dice.chance(load / 200) {
      begin(&worker, unit)
    }
    worker.lastEvent = busiest == 0 ? nil : busiest
    let used = UInt64(load * 4_000_000) / 10_000_000 * 10_000_000
    if var kernel = worker.kernel {
      kernel.state = UInt8(ascii: dice.chance(0.2) ? "R" : "S")
      kernel.cpuTime += used + 10_000_000 * dice.number(below: 3)
      kernel.time = now - dice.number(below: 3_000_000)
      if dice.chance(0.3) { kernel.residentBytes += 4096 * dice.number(below: 64) }
      worker.kernel = kernel
    }
    if tick % 20_000 == 10_000 + index * 7 { leak(&worker) }
    snapshot.workers[index] = worker
  }

  /// A whole request within the second.
  private mutating func serve(_ worker: inout Worker, _ index: Int) {
    let now = snapshot.monotonicTime
    let latency = 1_000_000 + dice.number(below: 8_000_000) * (1 + dice.number(below: 8))
    worker.units[index].requests += 1
    worker.counters.requests += 1
    worker.counters.requestsEnded += 1
    worker.counters.contextsPushed += 2
    worker.counters.contextsPopped += 2
    worker.counters.checkouts += 1
    worker.counters.checkins += 1
    worker.units[index].latestRequest = worker.counters.requests
    worker.units[index].lastEvent = now - dice.number(below: Self.second)
    worker.latency.counts[LatencyHistogram.bucket(of: latency)] += 1
    worker.latency.longest = max(worker.latency.longest, latency)
    worker.connections[index].since = worker.units[index].lastEvent - 50_000 - dice.number(below: 2_000_000)
  }

  /// A request that runs while the snapshot is taken.
  private mutating func begin(_ worker: inout Worker, _ index: Int) {
    let label = Self.labels[Int(dice.number(below: UInt64(Self.labels.count)))]
    let begun = snapshot.monotonicTime - dice.number(below: 400_000_000)
    worker.counters.requests += 1
    worker.counters.contextsPushed += 2
    let serial = worker.counters.requests
    worker.units[index].request = Request(serial: serial, label: label, started: begun)
    worker.units[index].latestRequest = serial
    worker.units[index].requests += 1
    worker.units[index].lastEvent = begun
    for kind in [ContextKind.app, .request] {
      var context = Context(serial: serial * 2 + UInt64(kind.rawValue), kind: kind)
      context.pushed = begun
      context.request = serial
      context.label = label
      worker.units[index].contexts.append(context)
    }
    worker.units[index].appDepth += 1
    worker.units[index].requestDepth += 1
    guard worker.connections[index].state == .idle else { return }
    worker.counters.checkouts += 1
    worker.connections[index].state = .checkedOut
    worker.connections[index].since = begun + 1_000_000
    worker.connections[index].holder = Holder(
      unit: index, unitGeneration: 1, request: serial, context: serial * 2, label: label,
      frame: "shop/views.py:71 \(label.endpoint ?? "")")
  }

  private mutating func end(_ worker: inout Worker, _ index: Int) {
    let serial = worker.units[index].request?.serial
    worker.units[index].request = nil
    worker.units[index].contexts.removeAll { $0.request == serial }
    worker.units[index].appDepth -= 1
    worker.units[index].requestDepth -= 1
    worker.counters.requestsEnded += 1
    worker.counters.contextsPopped += 2
    worker.units[index].lastEvent = snapshot.monotonicTime - dice.number(below: Self.second)
    worker.latency.counts[LatencyHistogram.bucket(of: 300_000_000)] += 1
    guard worker.connections[index].holder?.request == serial else { return }
    worker.counters.checkins += 1
    worker.connections[index].state = .idle
    worker.connections[index].holder = nil
    worker.connections[index].since = worker.units[index].lastEvent - 50_000 - dice.number(below: 2_000_000)
  }

  /// A context that nobody will pop.
  private mutating func leak(_ worker: inout Worker) {
    var context = Context(serial: 10_000_000 + UInt64(tick), kind: .app)
    context.pushed = snapshot.monotonicTime - Self.second
    context.left = snapshot.monotonicTime - Self.second / 2
    context.label = Self.labels[3]
    context.frame = "shop/views.py:90 preview"
    worker.units[0].contexts.insert(context, at: 0)
    worker.units[0].appDepth += 1
    worker.counters.contextsLeaked += 1
    worker.counters.contextsPushed += 1
  }
}
