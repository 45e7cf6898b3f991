// A worker that gets itself replaced by its server, gracefully: because it leaked and was configured to, or
// because somebody who may asked for it. Each worker signals only itself, from its agent's thread: whoever wants
// it gone leaves a word in its slot.
//
// What must hold: one worker of a service at a time, and never while a request has been open for long - servers
// wait for those that they have, but not all of them for ever. Whose turn it is stands in one word of the header,
// {slot + 1, generation of its tenant}, changed by compare-and-swap alone. A turn ends with the tenancy.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

extension Agent {
  /// The signal by which this worker's server replaces it gracefully; 0: it cannot, or nobody may ask.
  nonisolated(unsafe) package static var recycleSignal: Int32 = 0

  /// This worker left something behind for good. The one place for whoever notices.
  @inline(never)
  package static func wantRecycle() {
    guard configuration.recycles, attachment != 0, let slot = slotInUse else { return }
    _ = slot.control.exchange(CTXTOP_SLOT_RECYCLE, expected: 0, with: Clock.now() | Recycling.leaked)
  }

  /// Why this worker was told to go: 0 was not, 1 it leaked, 2 it was asked to.
  package static var recycled: Int64 {
    guard attachment != 0, let slot = slotInUse, slot.control.load(CTXTOP_SLOT_DRAINING) != 0 else { return 0 }
    return slot.control.load(CTXTOP_SLOT_RECYCLE) & Recycling.leaked != 0 ? 1 : 2
  }
}

/// Looks after this worker's own replacement. Agent's thread only.
struct Recycling {
  /// The lowest bit of a slot's recycle word: it asked for itself. The rest is the time.
  static let leaked: UInt64 = 1
  /// A request that has been open for longer may go on for much longer.
  private static let short: UInt64 = 1_000_000_000
  /// A worker that leaks as soon as it starts is not to be replaced all the time.
  private static let youth: UInt64 = 5_000_000_000
  /// For so long the service may have fewer workers than it was configured with, until the next one goes.
  private static let patience: UInt64 = 60_000_000_000

  private let service: Service
  private let control: Words

  init(_ service: Service) {
    self.service = service
    control = service.slot.control
    control.store(CTXTOP_SLOT_SIGNAL, UInt64(UInt32(bitPattern: Agent.recycleSignal)))
  }

  /// Does what is due: nothing, nearly always.
  @inline(never)
  func advance(at now: UInt64) {
    let wanted = control.load(CTXTOP_SLOT_RECYCLE)
    if wanted == 0 || Agent.recycleSignal == 0 || control.load(CTXTOP_SLOT_DRAINING) != 0 { return }
    if wanted & Self.leaked != 0, now &- control.load(CTXTOP_SLOT_ATTACHED) < Self.youth { return }
    guard isQuiet(at: now), takeTurn(at: now, wanted: wanted) else { return }
    control.store(CTXTOP_SLOT_DRAINING, now)
    kill(getpid(), Agent.recycleSignal)
  }

  /// Whether no request has been open for long.
  private func isQuiet(at now: UInt64) -> Bool {
    for index in 0..<service.slot.used(.units) {
      let unit = service.slot.record(.units, index)
      if UnitRecord(unit).isRequestOpen, now &- min(unit.load(CTXTOP_UNIT_STARTED), now) > Self.short { return false }
    }
    return true
  }

  private func takeTurn(at now: UInt64, wanted: UInt64) -> Bool {
    let header = service.file.header
    let turn = header.load(CTXTOP_HEADER_RECYCLER)
    if turn != 0 {
      if isThere(turn) { return false }
      if now &- min(wanted, now) < Self.patience, !isComplete() { return false }
    }
    let generation = control.load(CTXTOP_SLOT_TENANT).high
    let own = Words.pack(UInt32(truncatingIfNeeded: service.slot.index &+ 1), generation)
    return header.exchange(CTXTOP_HEADER_RECYCLER, expected: turn, with: own)
  }

  /// Whether the worker whose turn it was is still there.
  private func isThere(_ turn: UInt64) -> Bool {
    let index = Int(turn.low) &- 1
    if index < 0 || index >= CTXTOP_SLOTS || index == service.slot.index { return false }
    var tenant: UInt64 = 0
    guard pread(service.file.descriptor, &tenant, 8, SlotLayout.offset(of: index)) == 8 else { return false }
    return tenant == Words.pack(Tenancy.live, turn.high) && service.lock.isHeld(index) != false
  }

  /// Whether as many workers live as the server is configured with: the last one to go has its successor.
  private func isComplete() -> Bool {
    let wanted = control.load(CTXTOP_SLOT_SIZE).low
    var living: UInt32 = 1
    for index in 0..<SlotCount.inFile(service.file.descriptor)
    where index != service.slot.index && service.lock.isHeld(index) == true { living &+= 1 }
    return wanted == none32 || living >= wanted
  }
}

/// The request `recycle <pid>`, in the hands of the leader.
enum RecycleRequest {
  /// Leaves word for the worker with this pid. Nobody is signalled, so it need not be seen from here: that its lock is
  /// held proves that the pid is its own, and the worker does the rest itself.
  @inline(never)
  static func perform(_ pid: UInt64, _ service: Service, at now: UInt64) -> ActionOutcome {
    var found: Int?
    for index in 0..<SlotCount.inFile(service.file.descriptor) {
      guard index == service.slot.index || service.lock.isHeld(index) == true, UInt64(service.pid(of: index)) == pid
      else { continue }
      if found != nil { return .severalWorkers }
      found = index
    }
    guard let found, pid > 0 else { return .noWorker }
    if found == service.slot.index { return mark(service.slot.control, at: now) }
    let start = SlotLayout.offset(of: found)
    guard let control = try? SegmentFile.map(service.file.descriptor, offset: start, count: CTXTOP_PAGE_BYTES) else {
      return .noWorker
    }
    defer { munmap(control.base, CTXTOP_PAGE_BYTES) }
    return mark(control, at: now)
  }

  private static func mark(_ control: Words, at now: UInt64) -> ActionOutcome {
    if control.load(CTXTOP_SLOT_SIGNAL) == 0 { return .cannotReplace }
    if now &- min(control.load(CTXTOP_SLOT_HEARTBEAT), now) > LeaderWord.patience
      || control.load(CTXTOP_SLOT_LOCK_LOST) != 0
    {
      return .stopped
    }
    _ = control.exchange(CTXTOP_SLOT_RECYCLE, expected: 0, with: now & ~Recycling.leaked)
    return .accepted
  }
}
