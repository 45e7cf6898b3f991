// A service in which everything happens that a screen can show: every state of workers, units, contexts, connections,
// sessions and locks, most verdicts, and one teardown failure in two workers.

import CtxtopSnapshot

extension Fixture {
  /// The shop's four workers, and beside them one with all kinds of leftovers, and one each that is stopped, draining,
  /// exited, silent, wedged, saturated, unknown; greenlets and tasks too. Two passes a second apart, as of `shop`.
  public static func market(at pass: UInt64 = 0) -> Snapshot {
    var snapshot = shop(at: pass)
    snapshot.service = "market"
    snapshot.workers += [
      leftovers(at: pass), stopped(at: pass), draining(at: pass), exited(), silent(at: pass), wedged(at: pass),
      saturated(at: pass), unknown(at: pass), greenlets(at: pass),
    ]
    snapshot.actions = actions()
    snapshot.actionCounts = ActionCounts(accepted: 3, refused: 17)
    return snapshot
  }

  private static func actions() -> [ControlAction] {
    let outcomes: [ActionOutcome?] = [.accepted, .noWorker, .onlyLook, .notControlled, .stopped, nil]
    return outcomes.enumerated().map { index, outcome in
      ControlAction(
        number: UInt64(15 + index), time: wallTime - UInt64(6 - index) * 60 * second,
        user: [0, 1000, 65_534][index % 3],
        pid: index == 2 ? 0 : UInt32(977 + index), worker: index == 1 ? 1 : UInt32(4312 + index), outcome: outcome)
    }
  }

  /// Serial numbers as they are in a worker that was forked late: of 15 digits.
  private static let lateSerial: UInt64 = 112_590_000_000_000

  // MARK: - One of each

  private static func leftovers(at pass: UInt64) -> Worker {
    let now = monotonicTime + pass * second
    var worker = base(slot: 4, pid: 4316, at: pass)
    count(&worker, requests: 8_000, perPass: 40, at: pass)
    worker.counters.teardownFailures = 9
    worker.counters.contextsVanished = 2
    worker.units = (0..<8).map { thread($0, requests: 1_000, at: pass) }
    fillUnits(of: &worker, at: pass)
    worker.connections = connections(at: pass)
    worker.sessions = sessions()
    worker.resources = locks(now: now)
    worker.failures = [failureElsewhere(), otherFailure()]
    worker.vanished = [vanished()]
    worker.hazards = [
      Hazard(code: "greenlet_contexts", message: "contexts are bound to threads, but greenlets serve the requests")
    ]
    return worker
  }

  private static func fillUnits(of worker: inout Worker, at pass: UInt64) {
    let now = monotonicTime + pass * second
    // Slow, and nobody has left it.
    serve(&worker.units[0], serial: lateSerial + 40, checkout, for: 43 * second + pass * second, at: pass)
    serve(&worker.units[1], serial: lateSerial + 41, chat, for: 5 * second + pass * second, streaming: true, at: pass)
    var left = Context(serial: lateSerial + 7, kind: .app)
    left.pushed = monotonicTime - 90 * second
    left.left = monotonicTime - 80 * second
    left.request = lateSerial + 8
    left.label = checkout
    left.frame = "shop.py:90 preview"
    put(left, on: &worker.units[2])
    worker.units[2].latestRequest = lateSerial + 9
    var preserved = Context(serial: lateSerial + 70, kind: .request)
    preserved.isPreserved = true
    preserved.pushed = now - 3 * second
    preserved.request = lateSerial + 20
    preserved.label = cart
    put(preserved, on: &worker.units[3])
    var job = Context(serial: lateSerial + 80, kind: .app)
    job.pushed = now - 600 * second
    job.frame = "jobs.py:31 sync_prices"
    put(job, on: &worker.units[4])
    worker.units[4].name = "price-sync"
    worker.units[5].isGone = true
  }

  private static func put(_ context: Context, on unit: inout Unit) {
    unit.contexts.append(context)
    if context.kind == .app { unit.appDepth += 1 } else { unit.requestDepth += 1 }
  }

  private static func connections(at pass: UInt64) -> [Connection] {
    let now = monotonicTime + pass * second
    var connections = (0..<5).map { idle($0, at: pass) }
    connections[0] = held(
      0, unit: 0, request: lateSerial + 40, context: 2 * (lateSerial + 40), checkout, frame: "shop.py:71 checkout",
      since: now - 42 * second)
    connections[1] = held(
      1, unit: 2, request: lateSerial + 8, context: lateSerial + 7, checkout, frame: "shop.py:91 preview",
      since: monotonicTime - 85 * second)
    connections[2] = held(
      2, unit: 4, request: 0, context: lateSerial + 80, nil, frame: "jobs.py:33 sync_prices", since: now - 590 * second)
    connections[2].state = .detached
    connections[3] = held(
      3, unit: 1, request: lateSerial + 41, context: 2 * (lateSerial + 41), chat, frame: "shop.py:44 chat",
      since: now - 4 * second)
    connections[3].state = .inherited
    return connections
  }

  private static func sessions() -> [Session] {
    (0..<3).map { index in
      var session = Session(id: 16 + index, generation: 1)
      session.scope = "flask_sqlalchemy"
      session.since = monotonicTime - UInt64(30 + index) * second
      session.isInTransaction = index != 2
      session.isDirty = index == 1
      session.holder = Holder(
        unit: 6, unitGeneration: 1, request: lateSerial + 10, context: lateSerial + 11, label: checkout,
        frame: "shop.py:73 checkout")
      if index > 0 {
        session.heir = cart
        session.heirRequest = lateSerial + 12
      }
      session.hasEnded = index == 2
      return session
    }
  }

  private static func locks(now: UInt64) -> [Resource] {
    let kinds: [(kind: String, name: String, state: ResourceState, unit: Int)] = [
      ("lock", "stock", .held, 0), ("lock", "stock", .waiting, 1), ("temp file", "export.csv", .held, 4),
    ]
    return kinds.enumerated().map { index, entry in
      var lock = Resource(id: 32 + index, generation: 1)
      lock.kind = entry.kind
      lock.name = entry.name
      lock.state = entry.state
      lock.since = now - UInt64(index + 2) * second
      lock.holder = Holder(
        unit: entry.unit, unitGeneration: 1, request: 0, context: 0, label: entry.unit < 4 ? checkout : nil,
        frame: "stock.py:\(12 + index) reserve")
      return lock
    }
  }

  /// The shop's failure, in another worker and later.
  private static func failureElsewhere() -> TeardownFailure {
    var failure = failure()
    failure.count = 2
    failure.first = wallTime - 400 * second
    failure.last = wallTime - 3 * second
    return failure
  }

  private static func otherFailure() -> TeardownFailure {
    var failure = TeardownFailure(function: "audit.flush", exception: "ConnectionResetError")
    failure.location = "audit.py:58"
    failure.kind = .request
    failure.blueprint = "admin"
    failure.label = checkout
    failure.unit = 1
    failure.count = 7
    failure.first = wallTime - 7_000 * second
    failure.last = wallTime - 600 * second
    failure.traceback = "flask/app.py:1362 do_teardown_request\naudit.py:61 flush"
    return failure
  }

  private static func vanished() -> VanishedContext {
    var vanished = VanishedContext(kind: .app)
    vanished.frame = "jobs.py:50 import_stock"
    vanished.unit = 6
    vanished.count = 2
    vanished.first = wallTime - 500 * second
    vanished.last = wallTime - 100 * second
    return vanished
  }

  // MARK: - One state each

  /// The label of the request that takes long.
  public static let checkout = RequestLabel(method: "POST", endpoint: "checkout", rule: "/checkout")

  private static func plain(_ slot: Int, at pass: UInt64) -> Worker {
    var worker = base(slot: slot, pid: Int32(4312 + slot), at: pass)
    count(&worker, requests: 5_000, perPass: 0, at: pass)
    worker.units = (0..<2).map { thread($0, requests: 600, at: pass) }
    return worker
  }

  private static func stopped(at pass: UInt64) -> Worker {
    var worker = plain(5, at: pass)
    worker.kernel?.state = UInt8(ascii: "T")
    worker.heartbeat = monotonicTime - 20 * second
    return worker
  }

  private static func draining(at pass: UInt64) -> Worker {
    var worker = plain(6, at: pass)
    worker.draining = monotonicTime - 8 * second
    serve(&worker.units[0], serial: 77, checkout, for: 9 * second + pass * second, at: pass)
    return worker
  }

  private static func exited() -> Worker {
    var worker = plain(7, at: 0)
    worker.liveness = .exited
    worker.kernel = nil
    worker.units = []
    return worker
  }

  private static func silent(at pass: UInt64) -> Worker {
    var worker = plain(8, at: pass)
    worker.heartbeat = monotonicTime - 6 * second
    return worker
  }

  /// All requests stand still, and others wait to be accepted.
  private static func wedged(at pass: UInt64) -> Worker {
    var worker = plain(9, at: pass)
    worker.server = Server(kind: "gunicorn", model: "sync", version: "27.0.1", workers: 4)
    worker.units = [thread(0, requests: 600)]
    serve(&worker.units[0], serial: 78, checkout, for: 75 * second + pass * second, at: pass)
    worker.kernel?.listenQueue = 3
    return worker
  }

  private static func saturated(at pass: UInt64) -> Worker {
    var worker = plain(10, at: pass)
    worker.server.threads = 2
    for unit in worker.units.indices {
      serve(&worker.units[unit], serial: 80 + UInt64(unit), chat, for: 50 * second + pass * second, at: pass)
    }
    return worker
  }

  private static func unknown(at pass: UInt64) -> Worker {
    var worker = plain(11, at: pass)
    worker.liveness = .unknown
    worker.heartbeat = monotonicTime - 30 * second
    worker.kernel = nil
    return worker
  }

  private static func greenlets(at pass: UInt64) -> Worker {
    var worker = plain(12, at: pass)
    worker.server = Server(kind: "gunicorn", model: "gevent", version: "27.0.1", workers: 4)
    for unit in worker.units.indices {
      worker.units[unit].kind = unit == 0 ? .greenlet : .task
      worker.units[unit].name = unit == 0 ? "" : "日本語の名前"
    }
    serve(&worker.units[0], serial: 90 + pass, cart, for: second / 5, at: pass)
    return worker
  }
}
