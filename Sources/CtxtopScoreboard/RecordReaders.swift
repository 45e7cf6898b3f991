// The other half of SlotReader: units, connections and failures, each copied under its change count first.

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
    context.served = words.loadRelaxed(CTXTOP_CONTEXT_SERVED)
    let left = words.loadRelaxed(CTXTOP_CONTEXT_LEFT)
    context.left = left == 0 ? nil : left
    if context.request != 0 { context.label = label(words.loadRelaxed(CTXTOP_CONTEXT_LABEL), names) }
    return context
  }

  func readConnections(_ worker: inout Worker, _ view: SlotView, _ names: [String]) {
    for index in 0..<view.connectionCount {
      let tenant = view.connections.body.load(
        index &* CTXTOP_CONNECTION_WORDS &+ CTXTOP_CONNECTION_TENANT)
      if tenant.low & 0xff == Tenancy.free { continue }
      guard let record = copy(view.connections, index, words: CTXTOP_CONNECTION_WORDS) else {
        worker.unstable &+= 1
        continue
      }
      if let connection = connection(index, record, names, engines: worker.engines.count) {
        worker.connections.append(connection)
      }
    }
  }

  private func connection(_ index: Int, _ record: Words, _ names: [String], engines: Int) -> Connection? {
    let tenant = record.loadRelaxed(CTXTOP_CONNECTION_TENANT)
    guard tenant.low & 0xff == Tenancy.live,
      let state = ConnectionState(rawValue: UInt8(truncatingIfNeeded: tenant.low &>> 8))
    else { return nil }
    var connection = Connection(id: index, generation: UInt64(tenant.high))
    let engine = record.loadRelaxed(CTXTOP_CONNECTION_ENGINE)
    connection.engine = Int(engine.low) < engines ? Int(engine.low) : nil
    connection.backendPID = engine.high == none32 ? nil : Int32(bitPattern: engine.high)
    connection.state = state
    connection.opened = record.loadRelaxed(CTXTOP_CONNECTION_OPENED)
    connection.since = record.loadRelaxed(CTXTOP_CONNECTION_SINCE)
    if state == .checkedOut || state == .inherited { connection.holder = holder(record, names) }
    return connection
  }

  private func holder(_ record: Words, _ names: [String]) -> Holder {
    let unit = record.loadRelaxed(CTXTOP_CONNECTION_UNIT)
    let request = record.loadRelaxed(CTXTOP_CONNECTION_REQUEST)
    return Holder(
      unit: Int(unit.low) < CTXTOP_UNITS ? Int(unit.low) : nil, unitGeneration: UInt64(unit.high),
      request: request, context: record.loadRelaxed(CTXTOP_CONNECTION_CONTEXT),
      label: request == 0 ? nil : label(record.loadRelaxed(CTXTOP_CONNECTION_LABEL), names),
      frame: name(record.loadRelaxed(CTXTOP_CONNECTION_FRAME).low, names))
  }

  func readFailures(_ worker: inout Worker, _ view: SlotView, _ names: [String]) {
    for index in 0..<view.failureCount {
      guard let record = copy(view.failures, index, words: CTXTOP_FAILURE_WORDS) else {
        worker.unstable &+= 1
        continue
      }
      if record.loadRelaxed(CTXTOP_FAILURE_FIRST) != 0 { worker.failures.append(failure(record, names)) }
    }
  }

  private func failure(_ record: Words, _ names: [String]) -> TeardownFailure {
    let function = record.loadRelaxed(CTXTOP_FAILURE_FUNCTION)
    let exception = record.loadRelaxed(CTXTOP_FAILURE_EXCEPTION)
    let kind = record.loadRelaxed(CTXTOP_FAILURE_KIND)
    let lengths = record.loadRelaxed(CTXTOP_FAILURE_LENGTHS)
    let label = record.loadRelaxed(CTXTOP_FAILURE_LABEL)
    let unit = record.loadRelaxed(CTXTOP_FAILURE_UNIT)
    var failure = TeardownFailure(function: name(function.low, names), exception: name(exception.low, names))
    failure.location = name(function.high, names)
    failure.blueprint = optionalName(exception.high, names)
    failure.kind = kind.low == 0 ? .app : .request
    failure.label = label == 0 ? nil : self.label(label, names)
    failure.unit = unit > 0 && unit <= UInt64(CTXTOP_UNITS) ? Int(unit) - 1 : nil
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
