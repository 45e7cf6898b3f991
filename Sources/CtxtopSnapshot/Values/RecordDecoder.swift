// Reads a record back. The bytes may come from anywhere: whatever they are, the answer is a snapshot or
// a RecordError, never a trap, and a short record cannot ask for much memory.

/// Turns records into snapshots.
public enum RecordDecoder {
  /// The snapshot of the record at the beginning of `bytes`; bytes behind it are ignored.
  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(RecordError) -> Snapshot {
    var reader = RecordReader(before: UnsafeRawBufferPointer(start: nil, count: 0))
    return try reader.record(bytes).snapshot
  }

  /// The snapshot of the record at the beginning of `bytes`.
  public static func decode(_ bytes: [UInt8]) throws(RecordError) -> Snapshot {
    try bytes.withUnsafeBufferPointer { (bytes) throws(RecordError) in try decode(UnsafeRawBufferPointer(bytes)) }
  }
}

/// The record being read, beside the one before it.
struct RecordReader {
  /// Entities that may still follow. An entity of eight bytes becomes a value of some hundred: this bounds them all.
  private var entities = 1 << 18
  /// Strings that may still follow: one of a single byte becomes a value of sixteen.
  private var strings = 1 << 20
  /// A worker may have so many entities: more than its slot holds. Some of what is concluded of them is found by
  /// comparing each with all.
  private static let workerLimit = 1 << 16
  /// The payload of the record before.
  private let before: UnsafeRawBufferPointer
  /// What was read from it, in its order; and from this record, as far as it has been read.
  var known: [KnownWorker] = []

  init(before: UnsafeRawBufferPointer) {
    self.before = before
  }

  /// The snapshot of the record at the beginning of `bytes`, and its payload.
  mutating func record(
    _ bytes: UnsafeRawBufferPointer
  ) throws(RecordError) -> (snapshot: Snapshot, payload: UnsafeRawBufferPointer) {
    let header = try RecordHeader(bytes)
    let end = RecordHeader.byteCount &+ header.payloadLength
    guard bytes.count >= end else { throw .truncated }
    let payload = UnsafeRawBufferPointer(rebasing: bytes[RecordHeader.byteCount..<end])
    guard RecordChecksum.of(payload) == header.payloadChecksum else { throw .badChecksum }
    var snapshot = try self.payload(payload)
    snapshot.wallTime = header.wallTime
    snapshot.monotonicTime = header.monotonicTime
    return (snapshot, payload)
  }

  private mutating func payload(_ bytes: UnsafeRawBufferPointer) throws(RecordError) -> Snapshot {
    var outer = RecordCursor(bytes)
    var body = try outer.block()
    let count = try body.fixed()
    guard count <= body.remaining / 64, count <= 65_536 else { throw body.malformed }
    var snapshot = Snapshot()
    snapshot.workers.reserveCapacity(count)
    for index in 0..<count {
      var worker = try worker(&body, at: index)
      try pulse(body.entity(), &worker)
      snapshot.workers.append(worker)
    }
    if known.count > count { known.removeLast(known.count &- count) }
    snapshot.service = try body.string()
    snapshot.host = try body.string()
    try actions(&body, &snapshot)
    return snapshot
  }

  private mutating func actions(_ body: inout RecordCursor, _ snapshot: inout Snapshot) throws(RecordError) {
    snapshot.actionCounts.accepted = try body.varint()
    snapshot.actionCounts.refused = try body.varint()
    for _ in 0..<(try list(&body)) {
      var entity = try body.entity()
      snapshot.actions.append(
        ControlAction(
          number: try entity.varint(), time: try entity.varint(), user: try half(&entity), pid: try half(&entity),
          worker: try half(&entity), outcome: ActionOutcome(rawValue: try small(&entity))))
    }
  }

  private func half(_ entity: inout RecordCursor) throws(RecordError) -> UInt32 {
    UInt32(truncatingIfNeeded: try entity.varint())
  }

  /// The worker whose block begins here, without its pulse.
  private mutating func worker(_ body: inout RecordCursor, at index: Int) throws(RecordError) -> Worker {
    let place = try body.blockPlace()
    guard index < known.count else {
      known.append(try read(body, place, unlike: nil))
      return known[index].worker
    }
    let earlier = RecordCursor(before).whole(known[index].place)
    if earlier.equals(body.whole(place)) {
      try spend(known[index].entities, body)
      guard known[index].strings.count <= strings else { throw body.malformed }
      strings &-= known[index].strings.count
      known[index].place = place
    } else {
      known[index] = try read(body, place, unlike: known[index])
    }
    return known[index].worker
  }

  /// Reads a block; of what was read from the one before, takes over what the bytes prove to be the same.
  private mutating func read(
    _ body: RecordCursor, _ place: BlockPlace, unlike earlier: KnownWorker?
  ) throws(RecordError) -> KnownWorker {
    let left = entities
    var known = KnownWorker(place: place)
    var table = body.table(place)
    // Where names were added and none was moved, a number in the earlier block still means the same.
    let comparable = try known.readStrings(&table, after: earlier, in: before, limit: strings) ? earlier : nil
    strings &-= known.strings.count
    var block = body.body(place, strings: known.strings)
    known.worker = Worker(try facts(&block, &known, comparable))
    known.entities = left &- entities
    guard known.entities <= Self.workerLimit else { throw body.malformed }
    return known
  }

  private mutating func facts(
    _ block: inout RecordCursor, _ known: inout KnownWorker, _ earlier: KnownWorker?
  ) throws(RecordError) -> WorkerFacts {
    var worker = try identity(&block)
    worker.units = try units(&block, &known, earlier)
    let connections = try list(&block)
    worker.connections.reserveCapacity(connections)
    for _ in 0..<connections { worker.connections.append(try connection(block.entity())) }
    let engines = try list(&block)
    worker.engines.reserveCapacity(engines)
    for _ in 0..<engines { worker.engines.append(try engine(block.entity())) }
    let failures = try list(&block)
    worker.failures.reserveCapacity(failures)
    for _ in 0..<failures { worker.failures.append(try failure(block.entity())) }
    try leftovers(&block, &worker)
    for index in worker.connections.indices where worker.connections[index].engine ?? 0 >= engines {
      worker.connections[index].engine = nil
    }
    return worker
  }

  private mutating func units(
    _ block: inout RecordCursor, _ known: inout KnownWorker, _ earlier: KnownWorker?
  ) throws(RecordError) -> [Unit] {
    let count = try list(&block)
    known.units = block.position &- known.place.head
    var units: [Unit] = []
    units.reserveCapacity(count)
    var bytesBefore = earlier?.units(in: before)
    let knownCount = earlier?.worker.units.count ?? 0
    for index in 0..<count {
      let entity = try block.entity()
      if let earlier, index < knownCount, try bytesBefore?.entity().equals(entity) == true {
        units.append(earlier.worker.units[index])
        try spend(units[index].contexts.count, entity)
      } else {
        units.append(try unit(entity))
      }
    }
    return units
  }

  private mutating func leftovers(_ block: inout RecordCursor, _ worker: inout WorkerFacts) throws(RecordError) {
    for _ in 0..<(try list(&block)) { worker.sessions.append(try session(block.entity())) }
    for _ in 0..<(try list(&block)) { worker.resources.append(try resource(block.entity())) }
    for _ in 0..<(try list(&block)) { worker.vanished.append(try vanished(block.entity())) }
    for _ in 0..<(try list(&block, minimum: 6)) { worker.hazards.append(try hazard(block.entity())) }
  }

  /// The number of entities that follow: each takes a length and, most of them, at least four fields.
  private mutating func list(_ cursor: inout RecordCursor, minimum: Int = 8) throws(RecordError) -> Int {
    let count = try cursor.count(minimum: minimum)
    try spend(count, cursor)
    return count
  }

  private mutating func spend(_ count: Int, _ cursor: RecordCursor) throws(RecordError) {
    guard count <= entities else { throw cursor.malformed }
    entities &-= count
  }

  private func identity(_ block: inout RecordCursor) throws(RecordError) -> WorkerFacts {
    var worker = WorkerFacts()
    worker.slot = try block.natural()
    worker.generation = try block.varint()
    worker.pid = Int32(truncatingIfNeeded: try block.integer())
    worker.number = try block.optionalInteger()
    worker.instance = try block.varint()
    worker.started = try block.varint()
    worker.attached = try block.varint()
    worker.server = try server(block.entityOrNothing())
    worker.runtime = try runtime(block.entityOrNothing())
    worker.lastEvent = try block.optionalNumber()
    worker.counters = try counters(block.entityOrNothing())
    worker.latency = try histogram(block.entityOrNothing())
    worker.unstable = try block.natural()
    return worker
  }

  private func pulse(_ entity: RecordCursor, _ worker: inout Worker) throws(RecordError) {
    var entity = entity
    worker.liveness = try known(Liveness(rawValue: small(&entity)), entity)
    worker.heartbeat = try entity.varint()
    if let kernel = try entity.optionalEntity() { worker.kernel = try self.kernel(kernel) }
    let draining = try entity.varint()
    worker.draining = draining == 0 ? nil : draining
  }

  private func server(_ entity: RecordCursor) throws(RecordError) -> Server {
    var entity = entity
    return Server(
      kind: try entity.string(), model: try entity.string(), version: try entity.string(),
      workers: try entity.optionalInteger(), threads: try entity.optionalInteger())
  }

  private func runtime(_ entity: RecordCursor) throws(RecordError) -> Runtime {
    var entity = entity
    return Runtime(
      python: try entity.string(), flask: try entity.string(), werkzeug: try entity.string(),
      sqlalchemy: try entity.string(), agent: try entity.string())
  }

  private func kernel(_ entity: RecordCursor) throws(RecordError) -> KernelSample {
    var entity = entity
    return KernelSample(
      state: try small(&entity), residentBytes: try entity.varint(), cpuTime: try entity.varint(),
      time: try entity.varint(), since: try entity.varint(), listenQueue: try entity.optionalNumber())
  }

  private func counters(_ entity: RecordCursor) throws(RecordError) -> Counters {
    var entity = entity
    var counters = Counters()
    counters.requests = try entity.varint()
    counters.requestsEnded = try entity.varint()
    counters.exceptions = try entity.varint()
    counters.contextsPushed = try entity.varint()
    counters.contextsPopped = try entity.varint()
    counters.contextsLeaked = try entity.varint()
    counters.contextsReused = try entity.varint()
    counters.connectionsOpened = try entity.varint()
    counters.connectionsClosed = try entity.varint()
    counters.checkouts = try entity.varint()
    counters.checkins = try entity.varint()
    counters.teardownFailures = try entity.varint()
    counters.appDepthMax = try entity.varint()
    counters.requestDepthMax = try entity.varint()
    counters.dropped.units = try entity.varint()
    counters.dropped.contexts = try entity.varint()
    counters.dropped.holdings = try entity.varint()
    counters.dropped.failures = try entity.varint()
    counters.dropped.names = try entity.varint()
    counters.dropped.races = try entity.varint()
    counters.contextsVanished = try entity.varint()
    return counters
  }

  private func histogram(_ entity: RecordCursor) throws(RecordError) -> LatencyHistogram {
    var entity = entity
    var histogram = LatencyHistogram()
    histogram.longest = try entity.varint()
    guard try entity.flag() else { return histogram }
    histogram.counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    var bucket = 0
    while entity.remaining > 0 {
      let distance = try entity.natural()
      guard distance < LatencyHistogram.bucketCount &- bucket else { throw entity.malformed }
      bucket &+= distance
      histogram.counts[bucket] = try entity.varint()
      bucket &+= 1
    }
    return histogram
  }

  private mutating func unit(_ entity: RecordCursor) throws(RecordError) -> Unit {
    var entity = entity
    var unit = Unit()
    unit.id = try entity.natural()
    unit.generation = try entity.varint()
    unit.kind = try known(UnitKind(rawValue: small(&entity)), entity)
    unit.nativeID = try entity.varint()
    unit.name = try entity.string()
    unit.isGone = try entity.flag()
    unit.appDepth = try entity.natural()
    unit.requestDepth = try entity.natural()
    unit.requests = try entity.varint()
    unit.reused = try entity.varint()
    unit.latestRequest = try entity.varint()
    if let request = try entity.optionalEntity() { unit.request = try self.request(request) }
    unit.lastEvent = try entity.varint()
    let contexts = try list(&entity)
    unit.contexts.reserveCapacity(contexts)
    for _ in 0..<contexts { unit.contexts.append(try context(entity.entity())) }
    unit.outermostRequest = try entity.varint()
    return unit
  }

  private func request(_ entity: RecordCursor) throws(RecordError) -> Request {
    var entity = entity
    return Request(
      serial: try entity.varint(), label: try entity.label() ?? RequestLabel(), started: try entity.varint(),
      isStreaming: try entity.flag())
  }

  private func context(_ entity: RecordCursor) throws(RecordError) -> Context {
    var entity = entity
    var context = Context(serial: try entity.varint(), kind: try known(ContextKind(rawValue: small(&entity)), entity))
    context.isPreserved = try entity.flag()
    context.pushed = try entity.varint()
    context.left = try entity.optionalNumber()
    context.request = try entity.varint()
    context.label = try entity.label()
    context.frame = try entity.string()
    context.served = try entity.varint()
    return context
  }

  private func connection(_ entity: RecordCursor) throws(RecordError) -> Connection {
    var entity = entity
    var connection = Connection(id: try entity.natural(), generation: try entity.varint())
    connection.engine = try entity.index()
    connection.backendPID = try entity.optionalInteger().map { Int32(truncatingIfNeeded: $0) }
    connection.state = try known(ConnectionState(rawValue: small(&entity)), entity)
    connection.opened = try entity.varint()
    connection.since = try entity.varint()
    if let holder = try entity.optionalEntity() { connection.holder = try self.holder(holder) }
    return connection
  }

  private func holder(_ entity: RecordCursor) throws(RecordError) -> Holder {
    var entity = entity
    return Holder(
      unit: try entity.index(), unitGeneration: try entity.varint(), request: try entity.varint(),
      context: try entity.varint(), label: try entity.label(), frame: try entity.string())
  }

  private func engine(_ entity: RecordCursor) throws(RecordError) -> Engine {
    var entity = entity
    return Engine(
      url: try entity.string(), poolSize: try entity.optionalInteger(), overflow: try entity.optionalInteger(),
      timeout: try entity.optionalNumber())
  }

  private func failure(_ entity: RecordCursor) throws(RecordError) -> TeardownFailure {
    var entity = entity
    var failure = TeardownFailure()
    failure.function = try entity.string()
    failure.location = try entity.string()
    failure.kind = try known(ContextKind(rawValue: small(&entity)), entity)
    failure.blueprint = try entity.optionalString()
    failure.exception = try entity.string()
    failure.message = try entity.string()
    failure.label = try entity.label()
    failure.unit = try entity.index()
    failure.count = try entity.varint()
    failure.first = try entity.varint()
    failure.last = try entity.varint()
    let skipped = try entity.count(minimum: 1)
    failure.skipped.reserveCapacity(skipped)
    for _ in 0..<skipped { failure.skipped.append(try entity.string()) }
    failure.traceback = try entity.string()
    return failure
  }

  private func session(_ entity: RecordCursor) throws(RecordError) -> Session {
    var entity = entity
    var session = Session(id: try entity.natural(), generation: try entity.varint())
    session.scope = try entity.string()
    session.since = try entity.varint()
    session.isInTransaction = try entity.flag()
    session.isDirty = try entity.flag()
    if let holder = try entity.optionalEntity() { session.holder = try self.holder(holder) }
    session.heir = try entity.label()
    session.heirRequest = try entity.varint()
    session.hasEnded = try entity.flag()
    return session
  }

  private func resource(_ entity: RecordCursor) throws(RecordError) -> Resource {
    var entity = entity
    var resource = Resource(id: try entity.natural(), generation: try entity.varint())
    resource.kind = try entity.string()
    resource.name = try entity.string()
    resource.state = try known(ResourceState(rawValue: small(&entity)), entity)
    resource.since = try entity.varint()
    if let holder = try entity.optionalEntity() { resource.holder = try self.holder(holder) }
    return resource
  }

  private func vanished(_ entity: RecordCursor) throws(RecordError) -> VanishedContext {
    var entity = entity
    var vanished = VanishedContext(kind: try known(ContextKind(rawValue: small(&entity)), entity))
    vanished.frame = try entity.string()
    vanished.label = try entity.label()
    vanished.unit = try entity.index()
    vanished.count = try entity.varint()
    vanished.first = try entity.varint()
    vanished.last = try entity.varint()
    return vanished
  }

  private func hazard(_ entity: RecordCursor) throws(RecordError) -> Hazard {
    var entity = entity
    return Hazard(code: try entity.string(), message: try entity.string())
  }

  private func small(_ cursor: inout RecordCursor) throws(RecordError) -> UInt8 {
    let value = try cursor.varint()
    guard value <= 255 else { throw cursor.malformed }
    return UInt8(value)
  }

  private func known<Case>(_ value: Case?, _ cursor: RecordCursor) throws(RecordError) -> Case {
    guard let value else { throw cursor.malformed }
    return value
  }
}
