// Writes a snapshot as a record. Record.swift describes the bytes; RecordDecoder reads the same fields in
// the same order. A worker's block is kept: a worker that has not changed is not encoded again.

/// Turns snapshots into records.
public enum RecordEncoder {
  /// The snapshot as a record, header included.
  public static func encode(_ snapshot: Snapshot) -> [UInt8] {
    var encoder = RepeatingEncoder()
    return encoder.encode(snapshot, versions: [])
  }
}

/// Turns one snapshot after the other of the same service into records.
package struct RepeatingEncoder: ~Copyable {
  private struct Block {
    var version: UInt64 = 0
    var bytes: [UInt8] = []
  }

  private var writer = RecordWriter()
  /// By slot.
  private var blocks: [Block] = []

  package init() {}

  /// The snapshot as a record, header included. For each worker a version: never 0, and another one whenever
  /// anything but the worker's liveness, heartbeat, kernel sample or draining is not as it was when this slot was encoded
  /// last. Workers beyond the versions given are encoded anew.
  package mutating func encode(_ snapshot: Snapshot, versions: [UInt64]) -> [UInt8] {
    let list = writer.begin(snapshot)
    var written: UInt32 = 0
    for index in snapshot.workers.indices {
      let before = writer.count
      let slot = index < versions.count ? snapshot.workers[index].slot : -1
      if slot >= 0, slot < blocks.count, blocks[slot].version == versions[index] {
        writer.block(blocks[slot].bytes)
      } else {
        writer.worker(snapshot.workers[index])
        if slot >= 0, slot < 1 << 16 { keep(slot, versions[index], from: before) }
      }
      writer.pulse(
        snapshot.workers[index].liveness, snapshot.workers[index].heartbeat, snapshot.workers[index].kernel,
        draining: snapshot.workers[index].draining)
      // No segment is large enough for this; a caller's own snapshot may be. What does not fit is left out.
      if writer.count > RecordHeader.payloadLimit &- 4096 {
        writer.rewind(to: before)
        break
      }
      written &+= 1
    }
    return writer.finish(snapshot, list, workers: written)
  }

  private mutating func keep(_ slot: Int, _ version: UInt64, from start: Int) {
    while blocks.count <= slot { blocks.append(Block()) }
    blocks[slot] = Block(version: version, bytes: writer.bytes(from: start))
  }
}

/// The record being written.
struct RecordWriter: ~Copyable {
  private var out = ByteSink(capacity: 4096)
  private var strings = StringTable()

  var count: Int { out.count }

  mutating func rewind(to length: Int) { out.rewind(to: length) }

  /// What was written from an offset on.
  func bytes(from start: Int) -> [UInt8] {
    out.withBytes { [UInt8](UnsafeRawBufferPointer(rebasing: $0[start...])) }
  }

  /// Writes a worker's block that was written before.
  mutating func block(_ bytes: [UInt8]) { bytes.withUnsafeBytes { out.bytes($0) } }

  /// Begins a record; the offset of the number of its workers.
  mutating func begin(_ snapshot: Snapshot) -> Int {
    out.rewind(to: 0)
    out.fixed(RecordHeader.magic)
    out.fixed(UInt64(RecordHeader.version))
    out.fixed(snapshot.wallTime)
    out.fixed(snapshot.monotonicTime)
    out.fixed(UInt64(0))
    _ = openBlock()
    let list = out.count
    out.fixed(UInt32(0))
    return list
  }

  /// Ends the record: the snapshot's own strings, which come last because its workers have tables of their own,
  /// and what the header says of the payload.
  mutating func finish(_ snapshot: Snapshot, _ list: Int, workers: UInt32) -> [UInt8] {
    out.replace(at: list, with: workers)
    strings.clear()
    string(snapshot.service)
    string(snapshot.host)
    closeBlock(RecordHeader.byteCount)
    out.replace(at: 12, with: UInt32(truncatingIfNeeded: out.count &- RecordHeader.byteCount))
    let payload = out.withBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[RecordHeader.byteCount...])) }
    out.replace(at: 32, with: payload)
    let header = out.withBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[..<36])) }
    out.replace(at: 36, with: header)
    return out.array()
  }

  mutating func worker(_ worker: Worker) {
    strings.clear()
    let block = openBlock()
    identity(worker)
    out.varint(UInt64(worker.units.count))
    for index in worker.units.indices { unit(worker.units[index]) }
    out.varint(UInt64(worker.connections.count))
    for index in worker.connections.indices { connection(worker.connections[index]) }
    out.varint(UInt64(worker.engines.count))
    for index in worker.engines.indices { engine(worker.engines[index]) }
    out.varint(UInt64(worker.failures.count))
    for index in worker.failures.indices { failure(worker.failures[index]) }
    out.varint(UInt64(worker.sessions.count))
    for index in worker.sessions.indices { session(worker.sessions[index]) }
    out.varint(UInt64(worker.resources.count))
    for index in worker.resources.indices { resource(worker.resources[index]) }
    out.varint(UInt64(worker.vanished.count))
    for index in worker.vanished.indices { vanished(worker.vanished[index]) }
    out.varint(UInt64(worker.hazards.count))
    for index in worker.hazards.indices { hazard(worker.hazards[index]) }
    closeBlock(block)
  }

  mutating func pulse(_ liveness: Liveness, _ heartbeat: UInt64, _ kernel: KernelSample?, draining: UInt64?) {
    let entity = openEntity()
    out.varint(UInt64(liveness.rawValue))
    out.varint(heartbeat)
    self.kernel(kernel)
    out.varint(draining ?? 0)
    closeEntity(entity)
  }

  private mutating func identity(_ worker: Worker) {
    natural(worker.slot)
    out.varint(worker.generation)
    integer(Int64(worker.pid))
    optional(worker.number)
    out.varint(worker.instance)
    out.varint(worker.started)
    out.varint(worker.attached)
    server(worker.server)
    runtime(worker.runtime)
    optional(worker.lastEvent)
    counters(worker.counters)
    histogram(worker.latency)
    natural(worker.unstable)
  }

  private mutating func server(_ server: Server) {
    let entity = openEntity()
    string(server.kind)
    string(server.model)
    string(server.version)
    optional(server.workers)
    optional(server.threads)
    closeEntity(entity)
  }

  private mutating func runtime(_ runtime: Runtime) {
    let entity = openEntity()
    string(runtime.python)
    string(runtime.flask)
    string(runtime.werkzeug)
    string(runtime.sqlalchemy)
    string(runtime.agent)
    closeEntity(entity)
  }

  private mutating func kernel(_ kernel: KernelSample?) {
    guard let kernel else { return out.varint(0) }
    out.varint(1)
    let entity = openEntity()
    out.varint(UInt64(kernel.state))
    out.varint(kernel.residentBytes)
    out.varint(kernel.cpuTime)
    out.varint(kernel.time)
    out.varint(kernel.since)
    optional(kernel.listenQueue)
    closeEntity(entity)
  }

  private mutating func counters(_ counters: Counters) {
    let entity = openEntity()
    out.varint(counters.requests)
    out.varint(counters.requestsEnded)
    out.varint(counters.exceptions)
    out.varint(counters.contextsPushed)
    out.varint(counters.contextsPopped)
    out.varint(counters.contextsLeaked)
    out.varint(counters.contextsReused)
    out.varint(counters.connectionsOpened)
    out.varint(counters.connectionsClosed)
    out.varint(counters.checkouts)
    out.varint(counters.checkins)
    out.varint(counters.teardownFailures)
    out.varint(counters.appDepthMax)
    out.varint(counters.requestDepthMax)
    out.varint(counters.dropped.units)
    out.varint(counters.dropped.contexts)
    out.varint(counters.dropped.holdings)
    out.varint(counters.dropped.failures)
    out.varint(counters.dropped.names)
    out.varint(counters.dropped.races)
    out.varint(counters.contextsVanished)
    closeEntity(entity)
  }

  /// Only the buckets that hold something: the distance from the one before, and the count.
  private mutating func histogram(_ histogram: LatencyHistogram) {
    let entity = openEntity()
    out.varint(histogram.longest)
    out.varint(histogram.counts.isEmpty ? 0 : 1)
    var next = 0
    for bucket in histogram.counts.indices where histogram.counts[bucket] != 0 {
      out.varint(UInt64(bucket &- next))
      out.varint(histogram.counts[bucket])
      next = bucket &+ 1
    }
    closeEntity(entity)
  }

  private mutating func unit(_ unit: Unit) {
    let entity = openEntity()
    natural(unit.id)
    out.varint(unit.generation)
    out.varint(UInt64(unit.kind.rawValue))
    out.varint(unit.nativeID)
    string(unit.name)
    out.varint(unit.isGone ? 1 : 0)
    natural(unit.appDepth)
    natural(unit.requestDepth)
    out.varint(unit.requests)
    out.varint(unit.reused)
    out.varint(unit.latestRequest)
    request(unit.request)
    out.varint(unit.lastEvent)
    out.varint(UInt64(unit.contexts.count))
    for index in unit.contexts.indices { context(unit.contexts[index]) }
    out.varint(unit.outermostRequest)
    closeEntity(entity)
  }

  private mutating func request(_ request: Request?) {
    guard let request else { return out.varint(0) }
    out.varint(1)
    let entity = openEntity()
    out.varint(request.serial)
    label(request.label)
    out.varint(request.started)
    out.varint(request.isStreaming ? 1 : 0)
    closeEntity(entity)
  }

  private mutating func context(_ context: Context) {
    let entity = openEntity()
    out.varint(context.serial)
    out.varint(UInt64(context.kind.rawValue))
    out.varint(context.isPreserved ? 1 : 0)
    out.varint(context.pushed)
    optional(context.left)
    out.varint(context.request)
    label(context.label)
    string(context.frame)
    out.varint(context.served)
    closeEntity(entity)
  }

  private mutating func connection(_ connection: Connection) {
    let entity = openEntity()
    natural(connection.id)
    out.varint(connection.generation)
    optional(connection.engine)
    optional(connection.backendPID.map(Int.init))
    out.varint(UInt64(connection.state.rawValue))
    out.varint(connection.opened)
    out.varint(connection.since)
    holder(connection.holder)
    closeEntity(entity)
  }

  private mutating func holder(_ holder: Holder?) {
    guard let holder else { return out.varint(0) }
    out.varint(1)
    let entity = openEntity()
    optional(holder.unit)
    out.varint(holder.unitGeneration)
    out.varint(holder.request)
    out.varint(holder.context)
    label(holder.label)
    string(holder.frame)
    closeEntity(entity)
  }

  private mutating func engine(_ engine: Engine) {
    let entity = openEntity()
    string(engine.url)
    optional(engine.poolSize)
    optional(engine.overflow)
    optional(engine.timeout)
    closeEntity(entity)
  }

  private mutating func failure(_ failure: TeardownFailure) {
    let entity = openEntity()
    string(failure.function)
    string(failure.location)
    out.varint(UInt64(failure.kind.rawValue))
    string(failure.blueprint)
    string(failure.exception)
    string(failure.message)
    label(failure.label)
    optional(failure.unit)
    out.varint(failure.count)
    out.varint(failure.first)
    out.varint(failure.last)
    out.varint(UInt64(failure.skipped.count))
    for name in failure.skipped { string(name) }
    string(failure.traceback)
    closeEntity(entity)
  }
}

extension RecordWriter {
  private mutating func session(_ session: Session) {
    let entity = openEntity()
    natural(session.id)
    out.varint(session.generation)
    string(session.scope)
    out.varint(session.since)
    out.varint(session.isInTransaction ? 1 : 0)
    out.varint(session.isDirty ? 1 : 0)
    holder(session.holder)
    label(session.heir)
    out.varint(session.heirRequest)
    out.varint(session.hasEnded ? 1 : 0)
    closeEntity(entity)
  }

  private mutating func resource(_ resource: Resource) {
    let entity = openEntity()
    natural(resource.id)
    out.varint(resource.generation)
    string(resource.kind)
    string(resource.name)
    out.varint(UInt64(resource.state.rawValue))
    out.varint(resource.since)
    holder(resource.holder)
    closeEntity(entity)
  }

  private mutating func vanished(_ vanished: VanishedContext) {
    let entity = openEntity()
    out.varint(UInt64(vanished.kind.rawValue))
    string(vanished.frame)
    label(vanished.label)
    optional(vanished.unit)
    out.varint(vanished.count)
    out.varint(vanished.first)
    out.varint(vanished.last)
    closeEntity(entity)
  }

  private mutating func hazard(_ hazard: Hazard) {
    let entity = openEntity()
    string(hazard.code)
    string(hazard.message)
    closeEntity(entity)
  }
}

// MARK: - What fields are made of

extension RecordWriter {
  /// In place and without a length: a label's three parts are all there will be.
  private mutating func label(_ label: RequestLabel?) {
    guard let label else { return out.varint(0) }
    out.varint(1)
    string(label.method)
    string(label.endpoint)
    string(label.rule)
  }

  private mutating func string(_ value: String) { out.varint(strings.number(of: value)) }

  private mutating func string(_ value: String?) { out.varint(strings.number(of: value)) }

  private mutating func natural(_ value: Int) { out.varint(UInt64(max(value, 0))) }

  /// Small numbers of both signs in few bytes.
  private mutating func integer(_ value: Int64) {
    out.varint(UInt64(bitPattern: (value &<< 1) ^ (value &>> 63)))
  }

  private mutating func optional(_ value: Int?) {
    guard let value else { return out.varint(0) }
    out.varint(1)
    integer(Int64(value))
  }

  private mutating func optional(_ value: UInt64?) {
    guard let value else { return out.varint(0) }
    out.varint(1)
    out.varint(value)
  }

  private mutating func openEntity() -> Int {
    let start = out.count
    out.fixed(UInt32(0))
    return start
  }

  private mutating func closeEntity(_ start: Int) {
    out.replace(at: start, with: UInt32(truncatingIfNeeded: out.count &- start &- 4))
  }

  private mutating func openBlock() -> Int {
    let start = out.count
    out.fixed(UInt64(0))
    return start
  }

  private mutating func closeBlock(_ start: Int) {
    out.replace(at: start &+ 4, with: UInt32(truncatingIfNeeded: out.count &- start &- 8))
    strings.write(to: &out)
    out.replace(at: start, with: UInt32(truncatingIfNeeded: out.count &- start &- 8))
  }
}
