// Snapshots to test with: always the same, and like those of real servers. Two passes over one service
// are `Fixture.shop(at: 0)` and `Fixture.shop(at: 1)`, a second apart.

import CtxtopSnapshot

/// Makes snapshots.
public enum Fixture {
  /// When pass 0 was: 2026-11-22T09:00:00.123456789Z, a little over three days after the server's start.
  public static let wallTime: UInt64 = 1_795_338_000_123_456_789
  /// The same on the monotonic clock.
  public static let monotonicTime: UInt64 = 400_000_000_000_000
  static let second: UInt64 = 1_000_000_000

  /// A shop under gunicorn gthread 4x8: worker 1 leaks (CTX001 to CTX004), 2 is busy, 3 is well, 4 is dead.
  public static func shop(at pass: UInt64 = 0) -> Snapshot {
    var snapshot = service("shop", at: pass)
    snapshot.workers = [leaking(at: pass), busy(at: pass), well(at: pass), dead()]
    return snapshot
  }

  /// A service in which all is well: so many workers with so many threads, one in four of them serving.
  public static func healthy(workers: Int = 4, units: Int = 8, at pass: UInt64 = 0) -> Snapshot {
    var snapshot = service("shop", at: pass)
    for slot in 0..<workers {
      var worker = base(slot: slot, pid: Int32(4312 + slot), threads: units, at: pass)
      count(&worker, requests: 10_000 + UInt64(slot) * 100, perPass: 100, at: pass)
      for index in 0..<units {
        var unit = thread(index, requests: 1250, at: pass)
        if index % 4 == 0 { serve(&unit, serial: 9000 + UInt64(index) + pass * 100, cart, for: second / 100, at: pass) }
        worker.units.append(unit)
      }
      for index in 0..<min(units, 5) { worker.connections.append(idle(index, at: pass)) }
      snapshot.workers.append(worker)
    }
    return snapshot
  }

  /// The label that most of the fixtures' requests bear.
  public static let cart = RequestLabel(method: "GET", endpoint: "cart", rule: "/cart/<int:id>")
  /// The label of the request that leaks.
  public static let chat = RequestLabel(method: "GET", endpoint: "chat", rule: "/chat/<id>")

  // MARK: - Parts

  /// An empty snapshot of a service.
  public static func service(_ name: String, at pass: UInt64 = 0) -> Snapshot {
    Snapshot(
      service: name, host: "prod-3", wallTime: wallTime + pass * second, monotonicTime: monotonicTime + pass * second)
  }

  /// A live worker without units.
  public static func base(slot: Int, pid: Int32, threads: Int = 8, at pass: UInt64 = 0) -> Worker {
    let now = monotonicTime + pass * second
    var worker = Worker(slot: slot, generation: 1, pid: pid)
    worker.number = slot + 1
    worker.instance = 0xC0FFEE
    worker.started = wallTime - 273_600 * second
    worker.attached = monotonicTime - 273_599 * second
    worker.liveness = .alive
    worker.heartbeat = now - second / 10
    worker.server = Server(kind: "gunicorn", model: "gthread", version: "27.0.1", workers: 4, threads: threads)
    worker.runtime = Runtime(python: "3.11.7", flask: "3.1.3", werkzeug: "3.1.9", sqlalchemy: "2.0.58", agent: "1.0.0")
    worker.kernel = KernelSample(
      state: UInt8(ascii: "S"), residentBytes: 178 << 20, cpuTime: 900 * second + pass * 230_000_000, time: now)
    worker.lastEvent = now - second / 100
    worker.engines = [Engine(url: "postgresql://app@db/shop", poolSize: 5, overflow: 0, timeout: 30_000)]
    return worker
  }

  /// A thread on which nothing runs.
  public static func thread(_ index: Int, requests: UInt64 = 0, at pass: UInt64 = 0) -> Unit {
    var unit = Unit(id: index, generation: 1)
    unit.nativeID = 4400 + UInt64(index)
    unit.name = "ThreadPoolExecutor-0_\(index)"
    unit.requests = requests
    unit.latestRequest = requests > 0 ? 100 + UInt64(index) : 0
    unit.lastEvent = monotonicTime + pass * second - second / 2
    return unit
  }

  /// Lets a unit serve a request with the two contexts that it pushed.
  public static func serve(
    _ unit: inout Unit, serial: UInt64, _ label: RequestLabel, for age: UInt64, streaming: Bool = false,
    at pass: UInt64 = 0
  ) {
    let begun = monotonicTime + pass * second - age
    unit.request = Request(serial: serial, label: label, started: begun, isStreaming: streaming)
    unit.latestRequest = serial
    unit.requests += 1
    for kind in [ContextKind.app, .request] {
      var context = Context(serial: serial * 2 + UInt64(kind.rawValue), kind: kind)
      context.pushed = begun
      context.request = serial
      context.label = label
      unit.contexts.append(context)
    }
    unit.appDepth += 1
    unit.requestDepth += 1
    unit.lastEvent = begun
  }

  /// An idle connection.
  public static func idle(_ index: Int, at pass: UInt64 = 0) -> Connection {
    var connection = Connection(id: index, generation: 1)
    connection.engine = 0
    connection.backendPID = 7000 + Int32(index)
    connection.opened = monotonicTime - 1000 * second
    connection.since = monotonicTime + pass * second - second
    return connection
  }

  /// A connection that is out, held by a request and its app context.
  public static func held(
    _ index: Int, unit: Int, request: UInt64, context: UInt64, _ label: RequestLabel?, frame: String, since: UInt64
  ) -> Connection {
    var connection = idle(index)
    connection.state = .checkedOut
    connection.since = since
    connection.holder = Holder(
      unit: unit, unitGeneration: 1, request: request, context: context, label: label, frame: frame)
    return connection
  }

  /// Counters and latencies of a worker that serves `perPass` requests a pass.
  public static func count(_ worker: inout Worker, requests: UInt64, perPass: UInt64, at pass: UInt64) {
    let all = requests + perPass * pass
    worker.counters.requests = all
    worker.counters.requestsEnded = all
    worker.counters.contextsPushed = all * 2
    worker.counters.contextsPopped = all * 2
    worker.counters.checkouts = all
    worker.counters.checkins = all
    worker.counters.connectionsOpened = 5
    worker.counters.appDepthMax = 1
    worker.counters.requestDepthMax = 1
    worker.latency.counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    worker.latency.counts[LatencyHistogram.bucket(of: 12_000_000)] = all - all / 50
    worker.latency.counts[LatencyHistogram.bucket(of: 240_000_000)] = all / 50
    worker.latency.longest = 310_000_000
  }

  // MARK: - The shop's workers

  private static func leaking(at pass: UInt64) -> Worker {
    let left = monotonicTime - 252 * second
    var worker = base(slot: 0, pid: 4312, at: pass)
    count(&worker, requests: 10_000, perPass: 103, at: pass)
    worker.counters.exceptions = 6 + pass
    worker.counters.contextsLeaked = 1
    worker.counters.contextsReused = 41 + pass
    worker.counters.teardownFailures = 3
    worker.counters.appDepthMax = 2
    worker.units = (0..<8).map { thread($0, requests: 1250, at: pass) }
    var context = Context(serial: 77, kind: .app)
    context.pushed = left - 20_000_000
    context.left = left
    context.request = 38
    context.label = chat
    context.served = 41 + pass
    worker.units[7].contexts = [context]
    worker.units[7].appDepth = 1
    worker.units[7].reused = 41 + pass
    worker.units[7].latestRequest = 9100
    serve(&worker.units[0], serial: 9200 + pass, cart, for: second / 50, at: pass)
    serve(&worker.units[1], serial: 9300, chat, for: 12 * second + pass * second, streaming: true, at: pass)
    serve(&worker.units[2], serial: 9400 + pass, cart, for: second / 10, at: pass)
    worker.connections = (0..<5).map { idle($0, at: pass) }
    for index in 0..<3 {
      worker.connections[index] = held(
        index, unit: 3 + index, request: 50 + UInt64(index), context: 500 + UInt64(index), chat,
        frame: "shop.py:44 chat", since: left + UInt64(index) * second)
    }
    worker.failures = [failure()]
    return worker
  }

  /// A failure that happened three times and skipped one other function.
  public static func failure() -> TeardownFailure {
    var failure = TeardownFailure(function: "shop.close_cart", exception: "RuntimeError")
    failure.location = "shop.py:12"
    failure.message = "cart is locked"
    failure.label = chat
    failure.unit = 7
    failure.count = 3
    failure.first = wallTime - 252 * second
    failure.last = wallTime - 9 * second
    failure.skipped = ["flask_sqlalchemy.extension.SQLAlchemy._teardown_session"]
    failure.traceback = "flask/app.py:1398 do_teardown_appcontext\nshop.py:15 close_cart"
    return failure
  }

  private static func busy(at pass: UInt64) -> Worker {
    var worker = base(slot: 1, pid: 4313, at: pass)
    count(&worker, requests: 9000, perPass: 98, at: pass)
    worker.kernel?.state = UInt8(ascii: "R")
    for index in 0..<8 {
      var unit = thread(index, requests: 1100, at: pass)
      serve(&unit, serial: 8000 + UInt64(index), cart, for: second / 4 * UInt64(index + 1), at: pass)
      worker.units.append(unit)
    }
    worker.connections = (0..<2).map {
      held(
        $0, unit: $0, request: 8000 + UInt64($0), context: 16_000 + UInt64($0) * 2, cart, frame: "shop.py:60 cart",
        since: monotonicTime + pass * second - second / 8)
    }
    return worker
  }

  private static func well(at pass: UInt64) -> Worker {
    var worker = base(slot: 2, pid: 4314, at: pass)
    count(&worker, requests: 9500, perPass: 95, at: pass)
    worker.units = (0..<8).map { thread($0, requests: 1100, at: pass) }
    serve(&worker.units[4], serial: 8800 + pass, cart, for: second / 100, at: pass)
    worker.connections = [idle(0, at: pass)]
    return worker
  }

  /// Its last state: it died while it served one request.
  private static func dead() -> Worker {
    var worker = base(slot: 3, pid: 4315)
    count(&worker, requests: 700, perPass: 0, at: 0)
    worker.liveness = .dead
    worker.kernel = nil
    worker.heartbeat = monotonicTime - 60 * second
    worker.lastEvent = monotonicTime - 61 * second
    worker.units = [thread(0, requests: 87)]
    serve(&worker.units[0], serial: 300, chat, for: 61 * second)
    worker.connections = [
      held(0, unit: 0, request: 300, context: 600, chat, frame: "shop.py:44 chat", since: monotonicTime - 61 * second)
    ]
    return worker
  }
}
