// Writes the worker in one slot as the block of a record (Record.swift describes the bytes, RecordEncoder writes the
// same fields from a `Worker`). Nothing in a segment is believed: every index, count and state is checked before
// its use, and all text is made UTF-8.
//
//   SlotRecorder.swift        the worker itself, names and labels
//   RecordedTables.swift      what hangs on it: units, holdings, failures, each copied under its change count first

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// Reads one slot after the other; keeps its memory between them.
package struct SlotRecorder: ~Copyable {
  /// The block that was written last.
  package internal(set) var out = ByteSink(capacity: 4096)
  /// Records that were being written on every try to read them.
  package internal(set) var unstable = 0
  /// Whether nothing was announced in the slot that was not yet there: a name, an engine, a latency.
  package private(set) var isComplete = true

  private var strings = RecordStrings()
  /// The number that a name, or behind all names a method, has in this block; 0: not yet any.
  private let numbers = UnsafeMutablePointer<UInt32>.allocate(capacity: CTXTOP_NAMES + Method.count)
  private var names: Words
  private var nameCount = 0
  /// The copy of a record that is being written into the block.
  var record: Words
  /// Sums over the lanes.
  private let sums: Words

  package init() {
    record = Words(.allocate(byteCount: CTXTOP_FAILURE_WORDS * 8, alignment: 8))
    sums = Words(.allocate(byteCount: CTXTOP_LANE_WORDS * 8, alignment: 8))
    names = sums
  }

  deinit {
    record.base.deallocate()
    sums.base.deallocate()
    numbers.deallocate()
  }

  /// Writes the block of the slot's worker; false: the slot has no tenant.
  package mutating func write(slot: Int, view: SlotView) -> Bool {
    let control = view.control
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    if tenant.low != Tenancy.live { return false }
    out.rewind(to: 0)
    strings.clear()
    memset(numbers, 0, (CTXTOP_NAMES + Method.count) * 4)
    names = view.names
    nameCount = min(view.nameCount, CTXTOP_NAMES)
    unstable = 0
    isComplete = true
    let block = out.openBlock()
    out.natural(slot)
    out.varint(UInt64(tenant.high))
    writeIdentity(control)
    addLanes(view)
    writeCounters(control)
    writeLatency(control)
    let unstable = out.openCount()
    writeUnits(view)
    writeHoldings(view, CTXTOP_HOLDING_CONNECTION)
    writeEngines(view)
    writeFailures(view, areVanished: false)
    writeHoldings(view, CTXTOP_HOLDING_SESSION)
    writeHoldings(view, CTXTOP_HOLDING_RESOURCE)
    writeFailures(view, areVanished: true)
    writeHazards(view)
    out.closeCount(unstable, self.unstable)
    out.closeBlock(block, strings)
    return true
  }

  private mutating func writeIdentity(_ control: Words) {
    let pid = control.load(CTXTOP_SLOT_PID)
    out.integer(Int64(Int32(bitPattern: pid.low)))
    known(pid.high)
    out.varint(control.load(CTXTOP_SLOT_INSTANCE))
    out.varint(control.load(CTXTOP_SLOT_STARTED))
    out.varint(control.load(CTXTOP_SLOT_ATTACHED))
    let versions = control.load(CTXTOP_SLOT_SERVER_2)
    let server = out.openEntity()
    bothNames(control.load(CTXTOP_SLOT_SERVER))
    name(versions.low)
    let size = control.load(CTXTOP_SLOT_SIZE)
    known(size.low)
    known(size.high)
    out.closeEntity(server)
    let runtime = out.openEntity()
    bothNames(control.load(CTXTOP_SLOT_RUNTIME))
    bothNames(control.load(CTXTOP_SLOT_RUNTIME_2))
    name(versions.high)
    out.closeEntity(runtime)
  }

  /// Sums of the lanes' counters; of the depths and the last event, the greatest.
  private mutating func addLanes(_ view: SlotView) {
    for word in 0..<CTXTOP_LANE_WORDS { sums.storeRelaxed(word, 0) }
    for index in 0..<view.used(CTXTOP_SLOT_USED_LANES, of: CTXTOP_LANES) {
      let lane = view.lanes.advanced(by: index &* CTXTOP_LANE_WORDS)
      for word in CTXTOP_LANE_REQUESTS..<CTXTOP_LANE_WORDS {
        let sum = sums.loadRelaxed(word)
        let value = lane.load(word)
        let isMaximum = word >= CTXTOP_LANE_APP_DEPTH_MAX && word <= CTXTOP_LANE_LAST_EVENT
        sums.storeRelaxed(word, isMaximum ? max(sum, value) : sum &+ value)
      }
    }
  }

  /// In the order of the record, which is that of the words.
  private mutating func writeCounters(_ control: Words) {
    nonzero(sums.loadRelaxed(CTXTOP_LANE_LAST_EVENT))
    let counters = out.openEntity()
    for word in CTXTOP_LANE_REQUESTS...CTXTOP_LANE_CHECKINS { out.varint(sums.loadRelaxed(word)) }
    out.varint(control.load(CTXTOP_SLOT_TEARDOWN_FAILURES))
    out.varint(sums.loadRelaxed(CTXTOP_LANE_APP_DEPTH_MAX))
    out.varint(sums.loadRelaxed(CTXTOP_LANE_REQUEST_DEPTH_MAX))
    for word in CTXTOP_SLOT_DROPPED_UNITS...CTXTOP_SLOT_DROPPED_RACES { out.varint(control.load(word)) }
    out.varint(sums.loadRelaxed(CTXTOP_LANE_VANISHED))
    out.closeEntity(counters)
  }

  /// Only the buckets that hold something: the distance from the one before, and the count.
  @_optimize(speed)
  private mutating func writeLatency(_ control: Words) {
    let ended = sums.loadRelaxed(CTXTOP_LANE_REQUESTS_ENDED)
    let entity = out.openEntity()
    out.varint(control.load(CTXTOP_SLOT_LATENCY_LONGEST))
    out.varint(ended == 0 ? 0 : 1)
    var total: UInt64 = 0
    var next = 0
    if ended > 0 {
      for bucket in 0..<CTXTOP_LATENCY_BUCKETS {
        let count = control.load(CTXTOP_SLOT_LATENCY &+ bucket)
        if count == 0 { continue }
        out.varint(UInt64(bucket &- next))
        out.varint(count)
        total &+= count
        next = bucket &+ 1
      }
    }
    out.closeEntity(entity)
    if total != ended { isComplete = false }
  }

  private mutating func writeEngines(_ view: SlotView) {
    let list = out.openCount()
    var count = 0
    let used = view.used(CTXTOP_SLOT_USED_ENGINES, of: CTXTOP_ENGINES)
    while count < used {
      let engine = view.control.advanced(by: CTXTOP_SLOT_ENGINES + count * CTXTOP_ENGINE_WORDS)
      if engine.load(CTXTOP_ENGINE_READY) != 1 {
        isComplete = false
        break
      }
      let entity = out.openEntity()
      let description = engine.load(CTXTOP_ENGINE_NAME)
      let pool = engine.load(CTXTOP_ENGINE_OVERFLOW)
      name(description.low)
      known(description.high)
      signed(pool.low, none: 0x7fff_ffff)
      out.optional(pool.high == none32 ? nil : UInt64(pool.high))
      out.closeEntity(entity)
      count &+= 1
    }
    out.closeCount(list, count)
  }

  private mutating func writeHazards(_ view: SlotView) {
    let list = out.openCount()
    var count = 0
    for index in 0..<view.used(CTXTOP_SLOT_USED_HAZARDS, of: CTXTOP_HAZARDS) {
      let hazard = view.control.load(CTXTOP_SLOT_HAZARDS &+ index)
      if hazard == 0 { continue }
      let entity = out.openEntity()
      bothNames(hazard)
      out.closeEntity(entity)
      count &+= 1
    }
    out.closeCount(list, count)
  }
}

// MARK: - What fields are made of

extension SlotRecorder {
  /// A word of the record that is being written.
  @inline(never)
  mutating func word(_ index: Int) { out.varint(record.loadRelaxed(index)) }

  /// A number, or nothing for 0.
  @inline(never)
  mutating func nonzero(_ value: UInt64) { out.optional(value == 0 ? nil : value) }

  /// A number of 32 bits, or nothing.
  @inline(never)
  mutating func known(_ half: UInt32) { out.optional(half == none32 ? nil : Int(half)) }

  /// A number of 32 bits with a sign, or nothing.
  @inline(never)
  mutating func signed(_ half: UInt32, none: UInt32) {
    out.optional(half == none ? nil : Int(Int32(bitPattern: half)))
  }

  /// A number below a limit, or nothing.
  @inline(never)
  mutating func index(_ value: UInt64, below limit: Int) {
    out.optional(value < UInt64(limit) ? Int(value) : nil)
  }

  /// The names in both halves of a word.
  @inline(never)
  mutating func bothNames(_ word: UInt64) {
    name(word.low)
    name(word.high)
  }

  /// A name of the slot; nothing where there is none of this number.
  @inline(never)
  mutating func name(_ number: UInt32) {
    let index = Int(number)
    guard index > 0, index < nameCount else { return out.varint(0) }
    if numbers[index] == 0 {
      let name = names.advanced(by: index &* CTXTOP_NAME_WORDS)
      let length = Int(truncatingIfNeeded: name.load(CTXTOP_NAME_LENGTH))
      if length < 1 {
        isComplete = false
        return out.varint(0)
      }
      numbers[index] = add(name, CTXTOP_NAME_TEXT, length &- 1, capacity: CTXTOP_NAME_TEXT_BYTES)
    }
    out.varint(UInt64(numbers[index]))
  }

  /// A request's label, if there is one.
  @inline(never)
  mutating func label(_ word: UInt64, if isThere: Bool) {
    if !isThere { return out.varint(0) }
    out.varint(1)
    let label = Label(word: word)
    method(label.method)
    name(label.endpoint)
    name(label.rule)
  }

  private mutating func method(_ number: UInt8) {
    if number == 0 { return out.varint(0) }
    let index = CTXTOP_NAMES &+ Method.index(number)
    if numbers[index] == 0 {
      let name = Method.name(number)
      let text = UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
      numbers[index] = UInt32(truncatingIfNeeded: strings.add(repairing: text))
    }
    out.varint(UInt64(numbers[index]))
  }

  /// Text of the record that is being written.
  mutating func text(_ word: Int, count: UInt32, capacity: Int) {
    out.varint(count == 0 ? 0 : UInt64(add(record, word, Int(count), capacity: capacity)))
  }

  /// Text that stands nowhere in the slot.
  mutating func text(_ text: borrowing ByteSink) {
    out.varint(text.withBytes { strings.add(repairing: $0) })
  }

  @inline(never)
  private mutating func add(_ words: Words, _ word: Int, _ count: Int, capacity: Int) -> UInt32 {
    let text = UnsafeRawBufferPointer(start: words.base + word &* 8, count: max(min(count, capacity), 0))
    return UInt32(truncatingIfNeeded: strings.add(repairing: text))
  }
}
