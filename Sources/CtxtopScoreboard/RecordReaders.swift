// The other half of SlotReader: units, holdings and failures, each copied under its change count first.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

extension SlotReader {
  func readUnits(_ worker: inout Worker, _ view: SlotView, _ names: [String]) {
    for index in 0..<view.unitCount {
      let tenant = view.units.body.load(index &* CTXTOP_UNIT_WORDS &+ CTXTOP_UNIT_TENANT)
      if tenant.low & 0xff == Tenancy.free { continue }
      guard let record = copy(view.units, index, words: CTXTOP_UNIT_WORDS) else {
        worker.unstable &+= 1
        continue
      }
      if let unit = unit(index, record, names) { worker.units.append(unit) }
    }
  }

  private func unit(_ index: Int, _ record: Words, _ names: [String]) -> Unit? {
    let tenant = record.loadRelaxed(CTXTOP_UNIT_TENANT)
    let state = tenant.low & 0xff
    guard state == Tenancy.live || state == Tenancy.gone else { return nil }
    var unit = Unit(id: index, generation: UInt64(tenant.high))
    unit.kind = UnitKind(rawValue: UInt8(truncatingIfNeeded: tenant.low &>> 8)) ?? .thread
    unit.isGone = state == Tenancy.gone
    unit.nativeID = record.loadRelaxed(CTXTOP_UNIT_NATIVE_ID)
    let named = record.loadRelaxed(CTXTOP_UNIT_NAME)
    unit.name = name(named.low, names)
    let depth = record.loadRelaxed(CTXTOP_UNIT_DEPTH)
    unit.appDepth = Int(depth.low)
    unit.requestDepth = Int(depth.high)
    unit.requests = record.loadRelaxed(CTXTOP_UNIT_REQUESTS)
    unit.reused = record.loadRelaxed(CTXTOP_UNIT_REUSED)
    unit.latestRequest = record.loadRelaxed(CTXTOP_UNIT_REQUEST)
    unit.lastEvent = record.loadRelaxed(CTXTOP_UNIT_LAST_EVENT)
    unit.request = openRequest(record, names)
    unit.outermostRequest = unit.request == nil ? 0 : record.loadRelaxed(CTXTOP_UNIT_OUTERMOST)
    for entry in 0..<min(Int(named.high), CTXTOP_CONTEXTS) {
      let words = record.advanced(by: CTXTOP_UNIT_CONTEXTS &+ entry &* CTXTOP_CONTEXT_WORDS)
      if let context = context(words, names) { unit.contexts.append(context) }
    }
    return unit
  }

  private func openRequest(_ record: Words, _ names: [String]) -> Request? {
    let serial = record.loadRelaxed(CTXTOP_UNIT_REQUEST)
    let phase = record.loadRelaxed(CTXTOP_UNIT_PHASE)
    guard phase == Phase.application || phase == Phase.streaming, serial != 0,
      record.loadRelaxed(CTXTOP_UNIT_CLOSED_ELSEWHERE) != serial
    else { return nil }
    return Request(
      serial: serial, label: label(record.loadRelaxed(CTXTOP_UNIT_LABEL), names),
      started: record.loadRelaxed(CTXTOP_UNIT_STARTED), isStreaming: phase == Phase.streaming)
  }

  private func context(_ words: Words, _ names: [String]) -> Context? {
    let serial = words.loadRelaxed(CTXTOP_CONTEXT_SERIAL)
    let kind = words.loadRelaxed(CTXTOP_CONTEXT_KIND)
    guard serial != 0, let known = ContextKind(rawValue: UInt8(truncatingIfNeeded: kind.low)) else { return nil }
    var context = Context(serial: serial, kind: known)
    context.pushed = words.loadRelaxed(CTXTOP_CONTEXT_PUSHED)
    context.frame = name(kind.high, names)
    context.request = words.loadRelaxed(CTXTOP_CONTEXT_REQUEST)
    context.isPreserved = kind.low & StackEntry.preserved != 0
    context.served = words.loadRelaxed(CTXTOP_CONTEXT_SERVED)
    let left = words.loadRelaxed(CTXTOP_CONTEXT_LEFT)
    context.left = left == 0 ? nil : left
    if context.request != 0 { context.label = label(words.loadRelaxed(CTXTOP_CONTEXT_LABEL), names) }
    return context
  }

  func readHoldings(_ worker: inout Worker, _ view: SlotView, _ names: [String]) {
    for index in 0..<view.holdingCount {
      let tenant = view.holdings.body.load(index &* CTXTOP_HOLDING_WORDS &+ CTXTOP_HOLDING_TENANT)
      if tenant.low & 0xff == Tenancy.free { continue }
      guard let record = copy(view.holdings, index, words: CTXTOP_HOLDING_WORDS) else {
        worker.unstable &+= 1
        continue
      }
      readHolding(&worker, index, record, names)
    }
  }

  private func readHolding(_ worker: inout Worker, _ index: Int, _ record: Words, _ names: [String]) {
    let tenant = record.loadRelaxed(CTXTOP_HOLDING_TENANT)
    guard tenant.low & 0xff == Tenancy.live else { return }
    let state = UInt8(truncatingIfNeeded: tenant.low &>> 8)
    let generation = UInt64(tenant.high)
    switch Int(tenant.low &>> 16) {
    case CTXTOP_HOLDING_CONNECTION:
      guard let state = ConnectionState(rawValue: state) else { return }
      worker.connections.append(
        connection(index, generation, state, record, names, engines: worker.engines.count))
    case CTXTOP_HOLDING_SESSION:
      worker.sessions.append(session(index, generation, record, names))
    case CTXTOP_HOLDING_RESOURCE:
      guard let state = ResourceState(rawValue: state) else { return }
      worker.resources.append(resource(index, generation, state, record, names))
    default:
      return
    }
  }

  private func connection(
    _ index: Int, _ generation: UInt64, _ state: ConnectionState, _ record: Words, _ names: [String], engines: Int
  ) -> Connection {
    var connection = Connection(id: index, generation: generation)
    let subject = record.loadRelaxed(CTXTOP_HOLDING_SUBJECT)
    connection.engine = Int(subject.low) < engines ? Int(subject.low) : nil
    connection.backendPID = subject.high == none32 ? nil : Int32(bitPattern: subject.high)
    connection.state = state
    connection.opened = record.loadRelaxed(CTXTOP_HOLDING_OPENED)
    connection.since = record.loadRelaxed(CTXTOP_HOLDING_SINCE)
    if state == .checkedOut || state == .inherited { connection.holder = holder(record, names) }
    return connection
  }

  private func session(_ index: Int, _ generation: UInt64, _ record: Words, _ names: [String]) -> Session {
    var session = Session(id: index, generation: generation)
    let subject = record.loadRelaxed(CTXTOP_HOLDING_SUBJECT)
    session.scope = name(subject.low, names)
    session.isInTransaction = subject.high & UInt32(CTXTOP_SESSION_IN_TRANSACTION) != 0
    session.isDirty = subject.high & UInt32(CTXTOP_SESSION_DIRTY) != 0
    session.hasEnded = subject.high & UInt32(CTXTOP_SESSION_ENDED) != 0
    session.since = record.loadRelaxed(CTXTOP_HOLDING_SINCE)
    session.holder = holder(record, names)
    session.heirRequest = record.loadRelaxed(CTXTOP_HOLDING_HEIR_REQUEST)
    if session.heirRequest != 0 { session.heir = label(record.loadRelaxed(CTXTOP_HOLDING_HEIR_LABEL), names) }
    return session
  }

  private func resource(
    _ index: Int, _ generation: UInt64, _ state: ResourceState, _ record: Words, _ names: [String]
  ) -> Resource {
    var resource = Resource(id: index, generation: generation)
    let subject = record.loadRelaxed(CTXTOP_HOLDING_SUBJECT)
    resource.kind = name(subject.low, names)
    resource.name = name(subject.high, names)
    resource.state = state
    resource.since = record.loadRelaxed(CTXTOP_HOLDING_SINCE)
    resource.holder = holder(record, names)
    return resource
  }

  private func holder(_ record: Words, _ names: [String]) -> Holder {
    let unit = record.loadRelaxed(CTXTOP_HOLDING_UNIT)
    let request = record.loadRelaxed(CTXTOP_HOLDING_REQUEST)
    return Holder(
      unit: Int(unit.low) < CTXTOP_UNITS ? Int(unit.low) : nil, unitGeneration: UInt64(unit.high),
      request: request, context: record.loadRelaxed(CTXTOP_HOLDING_CONTEXT),
      label: request == 0 ? nil : label(record.loadRelaxed(CTXTOP_HOLDING_LABEL), names),
      frame: name(record.loadRelaxed(CTXTOP_HOLDING_FRAME).low, names))
  }

  func readFailures(_ worker: inout Worker, _ view: SlotView, _ names: [String]) {
    for index in 0..<view.failureCount {
      guard let record = copy(view.failures, index, words: CTXTOP_FAILURE_WORDS) else {
        worker.unstable &+= 1
        continue
      }
      if record.loadRelaxed(CTXTOP_FAILURE_FIRST) == 0 { continue }
      if record.loadRelaxed(CTXTOP_FAILURE_KIND).low & UInt32(CTXTOP_FAILURE_VANISHED) != 0 {
        worker.vanished.append(vanished(record, view, names))
      } else {
        worker.failures.append(failure(record, view, names))
      }
    }
  }

  private func vanished(_ record: Words, _ view: SlotView, _ names: [String]) -> VanishedContext {
    // The parts that it has are where a failure has them.
    let failure = failure(record, view, names)
    var vanished = VanishedContext(kind: failure.kind)
    vanished.frame = failure.function
    vanished.label = failure.label
    vanished.unit = failure.unit
    vanished.count = failure.count
    vanished.first = failure.first
    vanished.last = failure.last
    return vanished
  }

  private func failure(_ record: Words, _ view: SlotView, _ names: [String]) -> TeardownFailure {
    let function = record.loadRelaxed(CTXTOP_FAILURE_FUNCTION)
    let exception = record.loadRelaxed(CTXTOP_FAILURE_EXCEPTION)
    let kind = record.loadRelaxed(CTXTOP_FAILURE_KIND)
    let lengths = record.loadRelaxed(CTXTOP_FAILURE_LENGTHS)
    let label = record.loadRelaxed(CTXTOP_FAILURE_LABEL)
    var failure = TeardownFailure(function: name(function.low, names), exception: name(exception.low, names))
    failure.location = name(function.high, names)
    failure.blueprint = optionalName(exception.high, names)
    failure.kind = kind.low & 0xff == 0 ? .app : .request
    failure.label = label == 0 ? nil : self.label(label, names)
    failure.unit = presentUnit(record.loadRelaxed(CTXTOP_FAILURE_UNIT), view)
    failure.count = record.loadRelaxed(CTXTOP_FAILURE_COUNT)
    failure.first = record.loadRelaxed(CTXTOP_FAILURE_FIRST)
    failure.last = max(record.loadRelaxed(CTXTOP_FAILURE_LAST), failure.first)
    failure.message = record.text(
      CTXTOP_FAILURE_MESSAGE, count: Int(lengths.low), capacity: CTXTOP_FAILURE_MESSAGE_BYTES)
    failure.traceback = record.text(
      CTXTOP_FAILURE_TRACEBACK, count: Int(lengths.high), capacity: CTXTOP_FAILURE_TRACEBACK_BYTES)
    failure.skipped = skipped(record, count: Int(kind.high), names)
    return failure
  }

  /// The unit of `index + 1 | generation` if it is still there: greenlets come and go, and another one may have its
  /// record now.
  private func presentUnit(_ word: UInt64, _ view: SlotView) -> Int? {
    let index = Int(word.low) &- 1
    guard index >= 0, index < view.unitCount else { return nil }
    let tenant = view.units.body.load(index &* CTXTOP_UNIT_WORDS &+ CTXTOP_UNIT_TENANT)
    return tenant.high == word.high && tenant.low & 0xff != Tenancy.free ? index : nil
  }

  private func skipped(_ record: Words, count: Int, _ names: [String]) -> [String] {
    let kept = min(count, CTXTOP_FAILURE_SKIPPED_MAX)
    var skipped: [String] = []
    for index in 0..<kept {
      let pair = record.loadRelaxed(CTXTOP_FAILURE_SKIPPED + index / 2)
      skipped.append(name(index % 2 == 0 ? pair.low : pair.high, names))
    }
    if count > kept {
      var rest = ByteSink(capacity: 64)
      rest.text("(")
      rest.decimal(UInt64(count - kept))
      rest.text(" more)")
      skipped.append(rest.string())
    }
    return skipped
  }
}
