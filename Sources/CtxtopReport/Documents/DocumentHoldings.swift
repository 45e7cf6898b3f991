// What a worker of a document holds, and what went wrong in it: connections, sessions, resources, failures.

internal import CtxtopModel
import CtxtopSnapshot

extension DocumentObject {
  /// Engines first: connections name theirs.
  func takeHoldings(into worker: inout Worker, at now: UInt64) throws {
    let engines = try objects("engines")
    worker.engines = try engines.map { try $0.engine() }
    var pools = Pools()
    for (index, engine) in engines.enumerated() {
      pools.add(worker.engines[index].url, index, open: try engine.count("open"), out: try engine.count("checked_out"))
    }
    for object in try objects("connections") {
      var connection = try object.connection(at: now)
      if let url = try object.optionalText("engine") {
        guard let engine = pools.take(url, isOut: connection.state == .checkedOut) else {
          throw object.wrong("engine", .leadsNowhere)
        }
        connection.engine = engine
      }
      worker.connections.append(connection)
    }
    worker.sessions = try objects("sessions").map { try $0.session(at: now) }
    worker.resources = try objects("resources").map { try $0.resource(at: now) }
  }

  private func engine() throws -> Engine {
    Engine(
      url: try text("url"), poolSize: try integer("pool_size"), overflow: try integer("overflow"),
      timeout: try optionalCount("timeout"))
  }

  private func connection(at now: UInt64) throws -> Connection {
    var connection = Connection(id: try natural("id"))
    connection.backendPID = try processID("backend_pid")
    switch try state("state", JudgedConnectionState.self) {
    case .checkedOut, .leaked: connection.state = .checkedOut
    case .detached: connection.state = .detached
    case .inherited: connection.state = .inherited
    case .idle, nil: connection.state = .idle
    }
    connection.since = try moment("age_ms", before: now) ?? 0
    connection.holder = try object("holder")?.holder()
    return connection
  }

  private func session(at now: UInt64) throws -> Session {
    var session = Session(id: try natural("id"))
    session.scope = try text("scope")
    session.since = try moment("age_ms", before: now) ?? 0
    session.isInTransaction = try flag("in_transaction")
    session.isDirty = try flag("dirty")
    session.holder = try object("holder")?.holder()
    session.hasEnded = try flag("ended")
    if let heir = try object("inherited_by") {
      session.heir = try heir.label()
      // Its number is not written; that there is one is.
      session.heirRequest = 1
    }
    return session
  }

  private func resource(at now: UInt64) throws -> Resource {
    var resource = Resource(id: try natural("id"))
    resource.kind = try text("kind")
    resource.name = try text("name")
    resource.state = try word("state", ["held": .held, "waiting": .waiting]) ?? .held
    resource.since = try moment("age_ms", before: now) ?? 0
    resource.holder = try object("holder")?.holder()
    return resource
  }

  private func holder() throws -> Holder {
    Holder(
      unit: try integer("unit"), unitGeneration: 0, request: 0, context: try count("context"), label: try label(),
      frame: try text("frame"))
  }

  func failure() throws -> TeardownFailure {
    var failure = TeardownFailure(function: try text("function"), exception: try text("exception"))
    failure.location = try text("location")
    failure.kind = try word("kind", ["appcontext": .app, "request": .request]) ?? .app
    failure.blueprint = try optionalText("blueprint")
    failure.message = try text("message")
    failure.label = try label()
    failure.unit = try integer("unit")
    failure.count = try count("count")
    failure.first = try time("first")
    failure.last = try time("last")
    failure.skipped = try texts("skipped")
    failure.traceback = try text("traceback")
    return failure
  }

  func vanished() throws -> VanishedContext {
    var vanished = VanishedContext(kind: try contextKind())
    vanished.frame = try text("frame")
    vanished.label = try label()
    vanished.unit = try integer("unit")
    vanished.count = try count("count")
    vanished.first = try time("first")
    vanished.last = try time("last")
    return vanished
  }
}

/// Which engine a connection belongs to: JSON says its URL, and of each engine how many connections it has. Two pools
/// of one URL share the connections out so that the numbers are right.
private struct Pools {
  private struct Pool {
    let index: Int
    var idle: UInt64
    var out: UInt64
  }

  private var pools: [String: [Pool]] = [:]

  mutating func add(_ url: String, _ index: Int, open: UInt64, out: UInt64) {
    pools[url, default: []].append(Pool(index: index, idle: open > out ? open - out : 0, out: out))
  }

  /// The first pool of the URL that has such a connection left, else its first one; nil: there is no such engine.
  mutating func take(_ url: String, isOut: Bool) -> Int? {
    let path = isOut ? \Pool.out : \Pool.idle
    let place = pools[url]?.firstIndex { $0[keyPath: path] > 0 }
    if let place { pools[url]?[place][keyPath: path] -= 1 }
    return pools[url]?[place ?? 0].index
  }
}
