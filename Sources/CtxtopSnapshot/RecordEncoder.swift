// Writes a snapshot as a record. Record.swift describes the bytes; RecordDecoder reads the same fields in
// the same order. One pass, two buffers: the record, and the strings of the block being written.

/// Turns snapshots into records.
public enum RecordEncoder {
  /// The snapshot as a record, header included.
  public static func encode(_ snapshot: Snapshot) -> [UInt8] {
    var writer = RecordWriter(capacity: 512 &+ snapshot.workers.count &* 1536)
    writer.header(snapshot)
    writer.payload(snapshot)
    return writer.finish()
  }
}

/// The record being written.
struct RecordWriter: ~Copyable {
  private var out: ByteSink
  private var strings = StringTable()

  init(capacity: Int) { out = ByteSink(capacity: capacity) }

  mutating func header(_ snapshot: Snapshot) {
    out.fixed(RecordHeader.magic)
    out.fixed(RecordHeader.version)
    out.fixed(UInt16(0))
    out.fixed(UInt32(0))
    out.fixed(snapshot.wallTime)
    out.fixed(snapshot.monotonicTime)
    out.fixed(UInt64(0))
  }

  /// Fills in what the header says of the payload, and gives the record.
  consuming func finish() -> [UInt8] {
    out.replace(at: 12, with: UInt32(truncatingIfNeeded: out.count &- RecordHeader.byteCount))
    let payload = out.withBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[RecordHeader.byteCount...])) }
    out.replace(at: 32, with: payload)
    let header = out.withBytes { RecordChecksum.ofFew(UnsafeRawBufferPointer(rebasing: $0[..<36])) }
    out.replace(at: 36, with: header)
    return out.array()
  }

  /// The snapshot's own strings come last although its workers have tables of their own, so its two
  /// strings are written after them.
  mutating func payload(_ snapshot: Snapshot) {
    let block = openBlock()
    let list = out.count
    out.fixed(UInt32(0))
    var written: UInt32 = 0
    for worker in snapshot.workers {
      let before = out.count
      self.worker(worker)
      // No segment is large enough for this; a caller's own snapshot may be. What does not fit is left out.
      if out.count > RecordHeader.payloadLimit &- 4096 {
        out.rewind(to: before)
        break
      }
      written &+= 1
    }
    out.replace(at: list, with: written)
    strings.clear()
    string(snapshot.service)
    string(snapshot.host)
    closeBlock(block)
  }

  private mutating func worker(_ worker: Worker) {
    strings.clear()
    let block = openBlock()
    identity(worker)
    out.varint(UInt64(worker.units.count))
    for unit in worker.units { self.unit(unit) }
    out.varint(UInt64(worker.connections.count))
    for connection in worker.connections { self.connection(connection) }
    out.varint(UInt64(worker.engines.count))
    for engine in worker.engines { self.engine(engine) }
    out.varint(UInt64(worker.failures.count))
    for failure in worker.failures { self.failure(failure) }
    closeBlock(block)
  }

  private mutating func identity(_ worker: Worker) {
    natural(worker.slot)
    out.varint(worker.generation)
    integer(Int64(worker.pid))
    optional(worker.number)
    out.varint(worker.instance)
    out.varint(worker.started)
    out.varint(worker.attached)
    out.varint(UInt64(worker.liveness.rawValue))
    out.varint(worker.heartbeat)
    server(worker.server)
    runtime(worker.runtime)
    kernel(worker.kernel)
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
    out.varint(counters.dropped.connections)
    out.varint(counters.dropped.failures)
    out.varint(counters.dropped.names)
    out.varint(counters.dropped.races)
    closeEntity(entity)
  }

  /// Only the buckets that hold something: the distance from the one before, and the count.
  private mutating func histogram(_ histogram: LatencyHistogram) {
    let entity = openEntity()
    out.varint(histogram.longest)
    out.varint(histogram.counts.isEmpty ? 0 : 1)
    var next = 0
    for (bucket, count) in histogram.counts.enumerated() where count != 0 {
      out.varint(UInt64(bucket &- next))
      out.varint(count)
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
    for context in unit.contexts { self.context(context) }
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
