// A collector reads only what has changed, which may never show.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Collector")
struct CollectorTests {
  @Test("After any events a collector that reuses tells what a fresh one does", arguments: 0..<6)
  func reuses(seed: UInt64) throws {
    let claimed = try ClaimedSlot(TemporaryDirectory())
    var events = RandomEvents(claimed, seed: seed)
    var reusing = Collector(file: claimed.file, lock: claimed.lock, own: claimed.slot)
    for step in 0..<600 {
      let event = events.happen()
      var fresh = Collector(file: claimed.file, lock: claimed.lock, own: claimed.slot)
      let expected = try fresh.snapshot()
      let snapshot = try reusing.snapshot()
      #expect(snapshot.workers == expected.workers, "step \(step), \(event)")
    }
  }

  @Test("A worker that does nothing is not read again, and its pulse is")
  func pulse() throws {
    let claimed = try ClaimedSlot(TemporaryDirectory())
    var collector = Collector(file: claimed.file, lock: claimed.lock, own: claimed.slot)
    collector.read()
    let readings = collector.readings
    let now = Clock.monotonic()
    claimed.slot.beat(at: now)
    claimed.slot.control.store(CTXTOP_SLOT_RESIDENT, 4711)
    let worker = try #require(try collector.snapshot().workers.first)
    #expect(worker.heartbeat == now && worker.kernel?.residentBytes == 4711)
    #expect(collector.readings == readings)
    claimed.slot.control.add(CTXTOP_SLOT_DROPPED_RACES)
    #expect(try collector.snapshot().workers.first?.counters.dropped.races == 1)
    #expect(collector.readings == readings + 1)
  }

  @Test("What a collector records is, written again, the same facts and the same JSON")
  func sameAsEncoded() throws {
    let claimed = try ClaimedSlot(TemporaryDirectory())
    var events = RandomEvents(claimed, seed: 7)
    var collector = Collector(file: claimed.file, lock: claimed.lock, own: claimed.slot)
    for _ in 0..<200 {
      _ = events.happen()
      let snapshot = try collector.snapshot()
      #expect(try RecordDecoder.decode(RecordEncoder.encode(snapshot)) == snapshot)
      #expect(collector.json().withBytes { [UInt8]($0) } == SnapshotJSON.encode(snapshot) + [10])
    }
  }
}

extension Collector {
  /// What the next pass tells.
  fileprivate mutating func snapshot() throws(RecordError) -> Snapshot {
    read()
    return try RecordDecoder.decode(record().withBytes { [UInt8]($0) })
  }
}

/// Things that happen to a slot, one at a time, as its writers would do them; some stop in the middle.
private struct RandomEvents {
  private let claimed: ClaimedSlot
  private var random: Dice
  private var units: [UnitRecord] = []
  private var connections: [HoldingToken] = []
  private var lanes: [Words] = []
  private var unfinished: [() -> Void] = []
  private var time: UInt64 = 1000

  init(_ claimed: ClaimedSlot, seed: UInt64) {
    self.claimed = claimed
    random = Dice(state: seed)
  }

  private var slot: Slot { claimed.slot }

  private mutating func name() -> UInt32 { claimed.names.number(of: "name \(random.next() % 40)") }

  /// One event; its number.
  mutating func happen() -> UInt64 {
    time += 1
    slot.beat(at: Clock.monotonic())
    let event = random.next() % 20
    switch event {
    case 0...7: happenToUnit(event)
    case 8...10: happenToConnection(event)
    case 11, 12: fail()
    case 13: count()
    case 14: _ = slot.describeEngine(url: name(), poolSize: 5, overflow: UInt32(random.next() % 3), timeout: 1)
    case 15: describe()
    case 16: beginUnfinished()
    case 17: if !unfinished.isEmpty { unfinished.removeFirst()() }
    case 18: slot.control.add(CTXTOP_SLOT_DROPPED_UNITS &+ Int(random.next() % 6))
    default: if random.next() % 8 == 0 { changeTenant() }
    }
    return event
  }

  private mutating func happenToUnit(_ event: UInt64) {
    if event == 0 || units.isEmpty {
      if units.count < 12, let words = slot.takeUnit(kind: 0, nativeID: random.next() % 9, name: name(), at: time) {
        units.append(UnitRecord(words))
      }
      return
    }
    let index = Int(random.next() % UInt64(units.count))
    let unit = units[index]
    var outer = UnitRecord.Outer()
    switch event {
    case 1: _ = unit.beginRequest(at: time, label: Label(method: 1), outer: &outer)
    case 2: unit.nameRequest(endpoint: name(), rule: name())
    case 3:
      _ = unit.push(
        kind: UInt32(random.next() % 2), identity: random.next() % 4, frame: name(), request: unit.openRequest, at: time
      )
    case 4: unit.pop(kind: 0, identity: random.next() % 4, at: time)
    case 5: unit.endRequest(unit.openRequest, at: time, outer: outer)
    case 6: unit.words.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, unit.openRequest)
    default:
      slot.releaseUnit(unit.words)
      units.remove(at: index)
    }
  }

  private mutating func happenToConnection(_ event: UInt64) {
    if event == 8 || connections.isEmpty {
      // One of each kind that there is: what a subject is depends on it.
      let kind = Int(random.next() % 3)
      let subject = Words.pack(kind == 0 ? UInt32(random.next() % 2) : name(), kind == 2 ? name() : 7)
      if let token = slot.openHolding(kind: kind, subject: subject, state: kind == 2 ? 1 : 0, at: time) {
        connections.append(token)
      }
      return
    }
    let index = Int(random.next() % UInt64(connections.count))
    if event == 9 {
      var holder = HolderWords()
      holder.request = random.next() % 3
      holder.frame = name()
      slot.moveHolding(connections[index], to: UInt32(random.next() % 4), holder: holder, at: time)
    } else {
      slot.closeHolding(connections.remove(at: index))
    }
  }

  private mutating func fail() {
    var failure = FailureWords()
    failure.function = claimed.names.number(of: "teardown \(random.next() % 3)")
    failure.unit = random.next() % 3
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    slot.recordFailure(failure, skipped: .init(start: nil, count: 0), message: none, traceback: none, wallTime: time)
  }

  private mutating func count() {
    if lanes.count < 4 { lanes.append(slot.takeLane(UInt64(lanes.count + 1)).lane) }
    let lane = lanes[Int(random.next() % UInt64(lanes.count))]
    lane.addOwned(CTXTOP_LANE_REQUESTS &+ Int(random.next() % UInt64(CTXTOP_LANE_LAST_EVENT)))
    // A request that has ended is counted first, and its latency after it: perhaps much later.
    let slot = slot
    let latency = random.next() % 1_000_000
    lane.addOwned(CTXTOP_LANE_REQUESTS_ENDED)
    let count = {
      slot.control.add(CTXTOP_SLOT_LATENCY &+ LatencyHistogram.bucket(of: latency))
      slot.control.raise(CTXTOP_SLOT_LATENCY_LONGEST, to: latency)
    }
    if random.next() % 2 == 0 { count() } else { unfinished.append(count) }
  }

  private mutating func describe() {
    var identity = WorkerIdentity()
    identity.number = UInt32(random.next() % 5)
    identity.flask = "3.\(random.next() % 3)"
    slot.describe(identity, names: claimed.names, agentVersion: "test")
  }

  /// A record that is being written when readers come.
  private mutating func beginUnfinished() {
    let records = units.map(\.words) + connections.map { slot.record(.holdings, Int($0.index)) }
    guard !records.isEmpty, unfinished.isEmpty else { return }
    let record = records[Int(random.next() % UInt64(records.count))]
    ChangeCount.beginOwned(record)
    unfinished.append { ChangeCount.end(record) }
  }

  private func changeTenant() {
    let tenant = slot.control.load(CTXTOP_SLOT_TENANT)
    let state = tenant.low == Tenancy.live ? Tenancy.free : Tenancy.live
    slot.control.store(CTXTOP_SLOT_TENANT, Words.pack(state, tenant.high))
  }
}
