// The other half of SlotRecorder: units, holdings and failures, each copied under its change count first.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

extension SlotRecorder {
  /// Copies a record, trying again while it is being written; false: it stayed unstable.
  private mutating func copy(_ view: TableView, _ index: Int, words: Int) -> Bool {
    for _ in 0..<ChangeCount.readerTries {
      if view.copy(at: index &* words, count: words, into: record) { return true }
      ctxtop_pause()
    }
    unstable &+= 1
    return false
  }

  // MARK: Units

  mutating func writeUnits(_ view: SlotView) {
    let list = out.openCount()
    var count = 0
    for index in 0..<view.unitCount {
      let tenant = view.units.body.load(index &* CTXTOP_UNIT_WORDS &+ CTXTOP_UNIT_TENANT)
      if tenant.low & 0xff == Tenancy.free { continue }
      if copy(view.units, index, words: CTXTOP_UNIT_WORDS), writeUnit(index) { count &+= 1 }
    }
    out.closeCount(list, count)
  }

  private mutating func writeUnit(_ index: Int) -> Bool {
    let tenant = record.loadRelaxed(CTXTOP_UNIT_TENANT)
    let state = tenant.low & 0xff
    let kind = tenant.low &>> 8 & 0xff
    guard state == Tenancy.live || state == Tenancy.gone else { return false }
    let entity = out.openEntity()
    out.varint(UInt64(truncatingIfNeeded: index))
    out.varint(UInt64(tenant.high))
    out.varint(UnitKind(rawValue: UInt8(truncatingIfNeeded: kind)) == nil ? 0 : UInt64(kind))
    word(CTXTOP_UNIT_NATIVE_ID)
    let named = record.loadRelaxed(CTXTOP_UNIT_NAME)
    name(named.low)
    out.varint(state == Tenancy.gone ? 1 : 0)
    let depth = record.loadRelaxed(CTXTOP_UNIT_DEPTH)
    out.varint(UInt64(depth.low))
    out.varint(UInt64(depth.high))
    word(CTXTOP_UNIT_REQUESTS)
    word(CTXTOP_UNIT_REUSED)
    word(CTXTOP_UNIT_REQUEST)
    let isOpen = writeRequest()
    word(CTXTOP_UNIT_LAST_EVENT)
    let list = out.openCount()
    var contexts = 0
    let start = record
    for entry in 0..<min(Int(named.high), CTXTOP_CONTEXTS) {
      record = start.advanced(by: CTXTOP_UNIT_CONTEXTS &+ entry &* CTXTOP_CONTEXT_WORDS)
      if writeContext() { contexts &+= 1 }
    }
    record = start
    out.closeCount(list, contexts)
    out.varint(isOpen ? record.loadRelaxed(CTXTOP_UNIT_OUTERMOST) : 0)
    out.closeEntity(entity)
    return true
  }

  /// The request that is open on the unit; nothing where none is.
  private mutating func writeRequest() -> Bool {
    let serial = record.loadRelaxed(CTXTOP_UNIT_REQUEST)
    let phase = record.loadRelaxed(CTXTOP_UNIT_PHASE)
    guard phase == Phase.application || phase == Phase.streaming, serial != 0,
      record.loadRelaxed(CTXTOP_UNIT_CLOSED_ELSEWHERE) != serial
    else {
      out.varint(0)
      return false
    }
    out.varint(1)
    let entity = out.openEntity()
    out.varint(serial)
    label(record.loadRelaxed(CTXTOP_UNIT_LABEL), if: true)
    word(CTXTOP_UNIT_STARTED)
    out.varint(phase == Phase.streaming ? 1 : 0)
    out.closeEntity(entity)
    return true
  }

  private mutating func writeContext() -> Bool {
    let kind = record.loadRelaxed(CTXTOP_CONTEXT_KIND)
    guard record.loadRelaxed(CTXTOP_CONTEXT_SERIAL) != 0, kind.low & 0xff < 2 else { return false }
    let entity = out.openEntity()
    word(CTXTOP_CONTEXT_SERIAL)
    out.varint(UInt64(kind.low & 0xff))
    out.varint(kind.low & StackEntry.preserved == 0 ? 0 : 1)
    word(CTXTOP_CONTEXT_PUSHED)
    nonzero(record.loadRelaxed(CTXTOP_CONTEXT_LEFT))
    word(CTXTOP_CONTEXT_REQUEST)
    label(record.loadRelaxed(CTXTOP_CONTEXT_LABEL), if: record.loadRelaxed(CTXTOP_CONTEXT_REQUEST) != 0)
    name(kind.high)
    word(CTXTOP_CONTEXT_SERVED)
    out.closeEntity(entity)
    return true
  }

  // MARK: Holdings

  /// All holdings of a kind.
  @inline(never)
  mutating func writeHoldings(_ view: SlotView, _ kind: Int) {
    let list = out.openCount()
    var count = 0
    for index in 0..<view.holdingCount {
      let tenant = view.holdings.body.load(index &* CTXTOP_HOLDING_WORDS &+ CTXTOP_HOLDING_TENANT)
      if tenant.low & 0xff == Tenancy.free || Int(tenant.low &>> 16) != kind { continue }
      if copy(view.holdings, index, words: CTXTOP_HOLDING_WORDS), writeHolding(index, kind) { count &+= 1 }
    }
    out.closeCount(list, count)
  }

  private mutating func writeHolding(_ index: Int, _ kind: Int) -> Bool {
    let tenant = record.loadRelaxed(CTXTOP_HOLDING_TENANT)
    let state = tenant.low &>> 8 & 0xff
    guard tenant.low & 0xff == Tenancy.live, Int(tenant.low &>> 16) == kind, Self.isState(state, of: kind) else {
      return false
    }
    let entity = out.openEntity()
    out.varint(UInt64(truncatingIfNeeded: index))
    out.varint(UInt64(tenant.high))
    let subject = record.loadRelaxed(CTXTOP_HOLDING_SUBJECT)
    if kind == CTXTOP_HOLDING_CONNECTION {
      writeConnection(subject, state)
    } else if kind == CTXTOP_HOLDING_SESSION {
      writeSession(subject)
    } else {
      bothNames(subject)
      out.varint(UInt64(state))
      word(CTXTOP_HOLDING_SINCE)
      writeHolder(if: true)
    }
    out.closeEntity(entity)
    return true
  }

  private static func isState(_ state: UInt32, of kind: Int) -> Bool {
    let raw = UInt8(truncatingIfNeeded: state)
    if kind == CTXTOP_HOLDING_CONNECTION { return ConnectionState(rawValue: raw) != nil }
    return kind == CTXTOP_HOLDING_SESSION || ResourceState(rawValue: raw) != nil
  }

  private mutating func writeConnection(_ subject: UInt64, _ state: UInt32) {
    index(UInt64(subject.low), below: CTXTOP_ENGINES)
    signed(subject.high, none: none32)
    out.varint(UInt64(state))
    word(CTXTOP_HOLDING_OPENED)
    word(CTXTOP_HOLDING_SINCE)
    let isHeld = ConnectionState(rawValue: UInt8(truncatingIfNeeded: state))
    writeHolder(if: isHeld == .checkedOut || isHeld == .inherited)
  }

  private mutating func writeSession(_ subject: UInt64) {
    name(subject.low)
    word(CTXTOP_HOLDING_SINCE)
    out.varint(subject.high & UInt32(CTXTOP_SESSION_IN_TRANSACTION) == 0 ? 0 : 1)
    out.varint(subject.high & UInt32(CTXTOP_SESSION_DIRTY) == 0 ? 0 : 1)
    writeHolder(if: true)
    label(record.loadRelaxed(CTXTOP_HOLDING_HEIR_LABEL), if: record.loadRelaxed(CTXTOP_HOLDING_HEIR_REQUEST) != 0)
    word(CTXTOP_HOLDING_HEIR_REQUEST)
    out.varint(subject.high & UInt32(CTXTOP_SESSION_ENDED) == 0 ? 0 : 1)
  }

  private mutating func writeHolder(if isThere: Bool) {
    if !isThere { return out.varint(0) }
    out.varint(1)
    let entity = out.openEntity()
    let unit = record.loadRelaxed(CTXTOP_HOLDING_UNIT)
    index(UInt64(unit.low), below: CTXTOP_UNITS)
    out.varint(UInt64(unit.high))
    word(CTXTOP_HOLDING_REQUEST)
    word(CTXTOP_HOLDING_CONTEXT)
    label(record.loadRelaxed(CTXTOP_HOLDING_LABEL), if: record.loadRelaxed(CTXTOP_HOLDING_REQUEST) != 0)
    name(record.loadRelaxed(CTXTOP_HOLDING_FRAME).low)
    out.closeEntity(entity)
  }

  // MARK: Failures

  /// All failures, or all contexts that vanished: those lie in the same table.
  @inline(never)
  mutating func writeFailures(_ view: SlotView, areVanished: Bool) {
    let list = out.openCount()
    var count = 0
    for index in 0..<view.failureCount {
      let kind = view.failures.body.load(index &* CTXTOP_FAILURE_WORDS &+ CTXTOP_FAILURE_KIND)
      if Self.isVanished(kind) != areVanished { continue }
      guard copy(view.failures, index, words: CTXTOP_FAILURE_WORDS), record.loadRelaxed(CTXTOP_FAILURE_FIRST) != 0,
        Self.isVanished(record.loadRelaxed(CTXTOP_FAILURE_KIND)) == areVanished
      else { continue }
      let entity = out.openEntity()
      if areVanished { writeVanished(view) } else { writeFailure(view) }
      out.closeEntity(entity)
      count &+= 1
    }
    out.closeCount(list, count)
  }

  private static func isVanished(_ kind: UInt64) -> Bool { kind.low & UInt32(CTXTOP_FAILURE_VANISHED) != 0 }

  private mutating func writeVanished(_ view: SlotView) {
    writeContextKind()
    name(record.loadRelaxed(CTXTOP_FAILURE_FUNCTION).low)
    writeOccurrences(view)
  }

  private mutating func writeFailure(_ view: SlotView) {
    bothNames(record.loadRelaxed(CTXTOP_FAILURE_FUNCTION))
    writeContextKind()
    let exception = record.loadRelaxed(CTXTOP_FAILURE_EXCEPTION)
    let lengths = record.loadRelaxed(CTXTOP_FAILURE_LENGTHS)
    name(exception.high)
    name(exception.low)
    text(CTXTOP_FAILURE_MESSAGE, count: lengths.low, capacity: CTXTOP_FAILURE_MESSAGE_BYTES)
    writeOccurrences(view)
    writeSkipped(Int(record.loadRelaxed(CTXTOP_FAILURE_KIND).high))
    text(CTXTOP_FAILURE_TRACEBACK, count: lengths.high, capacity: CTXTOP_FAILURE_TRACEBACK_BYTES)
  }

  private mutating func writeContextKind() {
    out.varint(record.loadRelaxed(CTXTOP_FAILURE_KIND).low & 0xff == 0 ? 0 : 1)
  }

  /// For which request, on which unit, how often and when.
  @inline(never)
  private mutating func writeOccurrences(_ view: SlotView) {
    let request = record.loadRelaxed(CTXTOP_FAILURE_LABEL)
    label(request, if: request != 0)
    out.optional(Self.presentUnit(record.loadRelaxed(CTXTOP_FAILURE_UNIT), view))
    word(CTXTOP_FAILURE_COUNT)
    word(CTXTOP_FAILURE_FIRST)
    out.varint(max(record.loadRelaxed(CTXTOP_FAILURE_LAST), record.loadRelaxed(CTXTOP_FAILURE_FIRST)))
  }

  /// The unit of `index + 1 | generation` if it is still there: greenlets come and go, and another one may have its
  /// record now.
  private static func presentUnit(_ word: UInt64, _ view: SlotView) -> Int? {
    let index = Int(word.low) &- 1
    guard index >= 0, index < view.unitCount else { return nil }
    let tenant = view.units.body.load(index &* CTXTOP_UNIT_WORDS &+ CTXTOP_UNIT_TENANT)
    return tenant.high == word.high && tenant.low & 0xff != Tenancy.free ? index : nil
  }

  private mutating func writeSkipped(_ count: Int) {
    let kept = min(count, CTXTOP_FAILURE_SKIPPED_MAX)
    out.varint(UInt64(kept < count ? kept &+ 1 : kept))
    for index in 0..<kept {
      let pair = record.loadRelaxed(CTXTOP_FAILURE_SKIPPED + index / 2)
      name(index % 2 == 0 ? pair.low : pair.high)
    }
    if count > kept {
      var rest = ByteSink(capacity: 64)
      rest.text("(")
      rest.decimal(UInt64(count - kept))
      rest.text(" more)")
      text(rest)
    }
  }
}
