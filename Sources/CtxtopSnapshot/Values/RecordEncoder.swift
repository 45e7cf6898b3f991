// Writes a snapshot as a record. Record.swift describes the bytes; RecordDecoder reads the same fields in
// the same order. The guest does not come this way: it has no snapshots, and writes the same fields from the words
// of its segment (SlotRecorder).

/// Turns snapshots into records.
public enum RecordEncoder {
  /// The snapshot as a record, header included.
  public static func encode(_ snapshot: Snapshot) -> [UInt8] {
    var writer = RecordWriter()
    return writer.record(snapshot)
  }
}

/// The record being written.
struct RecordWriter: ~Copyable {
  private var out = ByteSink(capacity: 4096)
  private var strings = StringTable()

  mutating func record(_ snapshot: Snapshot) -> [UInt8] {
    let list = out.beginRecord(wallTime: snapshot.wallTime, monotonicTime: snapshot.monotonicTime)
    var written: UInt32 = 0
    for worker in snapshot.workers {
      let before = out.count
      self.worker(worker)
      out.pulse(worker.liveness, worker.heartbeat, worker.kernel, draining: worker.draining)
      // No segment is large enough for this; a caller's own snapshot may be. What does not fit is left out.
      if !out.fitsRecord {
        out.rewind(to: before)
        break
      }
      written &+= 1
    }
    let actions = actions(of: snapshot)
    Array(snapshot.service.utf8).withUnsafeBytes { service in
      Array(snapshot.host.utf8).withUnsafeBytes { host in
        out.finishRecord(list, workers: written, service: service, host: host, actions: actions)
      }
    }
    return out.array()
  }

  private func actions(of snapshot: Snapshot) -> ByteSink {
    var actions = ByteSink(capacity: 512)
    actions.varint(snapshot.actionCounts.accepted)
    actions.varint(snapshot.actionCounts.refused)
    actions.varint(UInt64(snapshot.actions.count))
    for action in snapshot.actions {
      let entity = actions.openEntity()
      actions.varint(action.number)
      actions.varint(action.time)
      actions.varint(UInt64(action.user))
      actions.varint(UInt64(action.pid))
      actions.varint(UInt64(action.worker))
      actions.varint(UInt64(action.outcome?.rawValue ?? 0))
      actions.closeEntity(entity)
    }
    return actions
  }

  mutating func worker(_ worker: Worker) {
    strings.clear()
    let block = out.openBlock()
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
    out.closeBlock(block, strings.strings)
  }

  private mutating func identity(_ worker: Worker) {
    out.natural(worker.ownSlot)
    out.varint(worker.generation)
    out.integer(Int64(worker.pid))
    out.optional(worker.number)
    out.varint(worker.instance)
    out.varint(worker.started)
    out.varint(worker.attached)
    server(worker.server)
    runtime(worker.runtime)
    out.optional(worker.lastEvent)
    counters(worker.counters)
    histogram(worker.latency)
    out.natural(worker.unstable)
  }

  private mutating func server(_ server: Server) {
    let entity = out.openEntity()
    string(server.kind)
    string(server.model)
    string(server.version)
    out.optional(server.workers)
    out.optional(server.threads)
    out.closeEntity(entity)
  }

  private mutating func runtime(_ runtime: Runtime) {
    let entity = out.openEntity()
    string(runtime.python)
    string(runtime.flask)
    string(runtime.werkzeug)
    string(runtime.sqlalchemy)
    string(runtime.agent)
    out.closeEntity(entity)
  }

  private mutating func counters(_ counters: Counters) {
    let entity = out.openEntity()
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
    out.closeEntity(entity)
  }

  /// Only the buckets that hold something: the distance from the one before, and the count.
  private mutating func histogram(_ histogram: LatencyHistogram) {
    let entity = out.openEntity()
    out.varint(histogram.longest)
    out.varint(histogram.counts.isEmpty ? 0 : 1)
    var next = 0
    for bucket in histogram.counts.indices where histogram.counts[bucket] != 0 {
      out.varint(UInt64(bucket &- next))
      out.varint(histogram.counts[bucket])
      next = bucket &+ 1
    }
    out.closeEntity(entity)
  }

  private mutating func unit(_ unit: Unit) {
    let entity = out.openEntity()
    out.natural(unit.id)
    out.varint(unit.generation)
    out.varint(UInt64(unit.kind.rawValue))
    out.varint(unit.nativeID)
    string(unit.name)
    out.varint(unit.isGone ? 1 : 0)
    out.natural(unit.appDepth)
    out.natural(unit.requestDepth)
    out.varint(unit.requests)
    out.varint(unit.reused)
    out.varint(unit.latestRequest)
    request(unit.request)
    out.varint(unit.lastEvent)
    out.varint(UInt64(unit.contexts.count))
    for index in unit.contexts.indices { context(unit.contexts[index]) }
    out.varint(unit.outermostRequest)
    out.closeEntity(entity)
  }

  private mutating func request(_ request: Request?) {
    guard let request else { return out.varint(0) }
    out.varint(1)
    let entity = out.openEntity()
    out.varint(request.serial)
    label(request.label)
    out.varint(request.started)
    out.varint(request.isStreaming ? 1 : 0)
    out.closeEntity(entity)
  }

  private mutating func context(_ context: Context) {
    let entity = out.openEntity()
    out.varint(context.serial)
    out.varint(UInt64(context.kind.rawValue))
    out.varint(context.isPreserved ? 1 : 0)
    out.varint(context.pushed)
    out.optional(context.left)
    out.varint(context.request)
    label(context.label)
    string(context.frame)
    out.varint(context.served)
    out.closeEntity(entity)
  }

  private mutating func connection(_ connection: Connection) {
    let entity = out.openEntity()
    out.natural(connection.id)
    out.varint(connection.generation)
    out.optional(connection.engine)
    out.optional(connection.backendPID.map(Int.init))
    out.varint(UInt64(connection.state.rawValue))
    out.varint(connection.opened)
    out.varint(connection.since)
    holder(connection.holder)
    out.closeEntity(entity)
  }

  private mutating func holder(_ holder: Holder?) {
    guard let holder else { return out.varint(0) }
    out.varint(1)
    let entity = out.openEntity()
    out.optional(holder.unit)
    out.varint(holder.unitGeneration)
    out.varint(holder.request)
    out.varint(holder.context)
    label(holder.label)
    string(holder.frame)
    out.closeEntity(entity)
  }

  private mutating func engine(_ engine: Engine) {
    let entity = out.openEntity()
    string(engine.url)
    out.optional(engine.poolSize)
    out.optional(engine.overflow)
    out.optional(engine.timeout)
    out.closeEntity(entity)
  }

  private mutating func failure(_ failure: TeardownFailure) {
    let entity = out.openEntity()
    string(failure.function)
    string(failure.location)
    out.varint(UInt64(failure.kind.rawValue))
    string(failure.blueprint)
    string(failure.exception)
    string(failure.message)
    label(failure.label)
    out.optional(failure.unit)
    out.varint(failure.count)
    out.varint(failure.first)
    out.varint(failure.last)
    out.varint(UInt64(failure.skipped.count))
    for name in failure.skipped { string(name) }
    string(failure.traceback)
    out.closeEntity(entity)
  }
}

extension RecordWriter {
  private mutating func session(_ session: Session) {
    let entity = out.openEntity()
    out.natural(session.id)
    out.varint(session.generation)
    string(session.scope)
    out.varint(session.since)
    out.varint(session.isInTransaction ? 1 : 0)
    out.varint(session.isDirty ? 1 : 0)
    holder(session.holder)
    label(session.heir)
    out.varint(session.heirRequest)
    out.varint(session.hasEnded ? 1 : 0)
    out.closeEntity(entity)
  }

  private mutating func resource(_ resource: Resource) {
    let entity = out.openEntity()
    out.natural(resource.id)
    out.varint(resource.generation)
    string(resource.kind)
    string(resource.name)
    out.varint(UInt64(resource.state.rawValue))
    out.varint(resource.since)
    holder(resource.holder)
    out.closeEntity(entity)
  }

  private mutating func vanished(_ vanished: VanishedContext) {
    let entity = out.openEntity()
    out.varint(UInt64(vanished.kind.rawValue))
    string(vanished.frame)
    label(vanished.label)
    out.optional(vanished.unit)
    out.varint(vanished.count)
    out.varint(vanished.first)
    out.varint(vanished.last)
    out.closeEntity(entity)
  }

  private mutating func hazard(_ hazard: Hazard) {
    let entity = out.openEntity()
    string(hazard.code)
    string(hazard.message)
    out.closeEntity(entity)
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
}
