// Lanes and unit records: taken by a thread, given back when it ends, kept where they are evidence.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Synchronization
import Testing

@Suite("Units and lanes")
struct UnitTests {
  @Test("A unit that left nothing is free for the next, under a new generation and with new serial numbers")
  func takeAndRelease() throws {
    let memory = PrivateSlot()
    let first = try #require(memory.slot.takeUnit(kind: 0, nativeID: 10, name: memory.name("one"), at: 5))
    let serial = begin(UnitRecord(first))
    UnitRecord(first).endRequest(serial, at: 6, outer: UnitRecord.Outer())
    memory.slot.releaseUnit(first)
    #expect(memory.read().units.isEmpty)
    let second = try #require(memory.slot.takeUnit(kind: 1, nativeID: 11, name: memory.name("two"), at: 7))
    #expect(second.base == first.base)
    let unit = try #require(memory.read().units.first)
    #expect(unit.name == "two" && unit.nativeID == 11 && unit.generation == 2 && unit.requests == 0)
    #expect(begin(UnitRecord(second)) != serial)
  }

  @Test("A unit that ends with a context on its stack or in the middle of a request stays as evidence")
  func gone() throws {
    let memory = PrivateSlot()
    let holding = try #require(memory.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1))
    _ = UnitRecord(holding).push(kind: 0, identity: 7, frame: memory.name("shop.py:12"), request: 0, at: 2)
    let busy = try #require(memory.slot.takeUnit(kind: 0, nativeID: 2, name: 0, at: 1))
    let serial = begin(UnitRecord(busy))
    memory.slot.releaseUnit(holding)
    memory.slot.releaseUnit(busy)
    let next = try #require(memory.slot.takeUnit(kind: 0, nativeID: 3, name: 0, at: 3))
    let units = memory.read().units
    #expect(units.map(\.isGone) == [true, true, false])
    #expect(units[0].contexts.map(\.frame) == ["shop.py:12"])
    #expect(units[1].request?.serial == serial)
    #expect(memory.slot.index(of: next, in: .units) == 2)
  }

  @Test("A unit whose request another thread closed is free when it ends")
  func closedElsewhere() throws {
    let memory = PrivateSlot()
    let unit = try #require(memory.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1))
    unit.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, begin(UnitRecord(unit)))
    memory.slot.releaseUnit(unit)
    #expect(memory.read().units.isEmpty)
  }

  @Test("A full table has no unit to give")
  func full() throws {
    let memory = PrivateSlot(limits: [.units: 4])
    for index in 0..<4 { #expect(memory.slot.takeUnit(kind: 0, nativeID: UInt64(index), name: 0, at: 1) != nil) }
    #expect(memory.slot.takeUnit(kind: 0, nativeID: 9, name: 0, at: 1) == nil)
    memory.slot.releaseUnit(memory.slot.record(.units, 2))
    let unit = try #require(memory.slot.takeUnit(kind: 0, nativeID: 9, name: 0, at: 1))
    #expect(memory.slot.index(of: unit, in: .units) == 2)
  }

  @Test("When nothing is left, the oldest evidence makes room, and that is counted")
  func evidenceMakesRoom() throws {
    let memory = PrivateSlot()
    for index in 0..<CTXTOP_UNITS {
      let unit = try #require(memory.slot.takeUnit(kind: 1, nativeID: UInt64(index), name: 0, at: 1))
      if index % 1000 != 7 { continue }
      _ = UnitRecord(unit).push(kind: 0, identity: 7, frame: 0, request: 0, at: UInt64(5000 - index))
      memory.slot.releaseUnit(unit)
    }
    let next = try #require(memory.slot.takeUnit(kind: 1, nativeID: 1, name: 0, at: 1))
    #expect(memory.slot.index(of: next, in: .units) == 4007)
    let worker = memory.read()
    #expect(worker.units.filter(\.isGone).map(\.id) == [7, 1007, 2007, 3007])
    #expect(worker.counters.dropped.units == 1)
  }

  @Test("Threads that come and go at once never share a unit", arguments: 0..<20)
  func noUnitTwice(round: Int) {
    let memory = PrivateSlot()
    let shared = Atomic<Int>(0)
    onThreads(8) { thread in
      for turn in 1...50 {
        let id = UInt64(thread &* 1000 &+ turn)
        guard let unit = memory.slot.takeUnit(kind: 0, nativeID: id, name: 0, at: 1) else { continue }
        if turn % 8 == 0 { sched_yield() }
        if unit.load(CTXTOP_UNIT_NATIVE_ID) != id { shared.add(1, ordering: .relaxed) }
        if turn % 2 == 0 { memory.slot.releaseUnit(unit) }
      }
    }
    #expect(shared.load(ordering: .relaxed) == 0)
    #expect(memory.read().units.count == 8 * 25)
    #expect(Set(memory.read().units.map(\.nativeID)).count == 8 * 25)
  }

  @Test("Each thread has a lane until there are none; then they share one and add to it exactly")
  func lanes() {
    let memory = PrivateSlot()
    let shared = Atomic<Int>(0)
    onThreads(CTXTOP_LANES + 8) { thread in
      let (lane, isShared) = memory.slot.takeLane(UInt64(thread &+ 1))
      if isShared { shared.add(1, ordering: .relaxed) }
      for _ in 0..<100 {
        if isShared { lane.add(CTXTOP_LANE_REQUESTS) } else { lane.addOwned(CTXTOP_LANE_REQUESTS) }
      }
    }
    #expect(shared.load(ordering: .relaxed) == 9)
    #expect(memory.read().counters.requests == UInt64(CTXTOP_LANES + 8) * 100)
  }

  private func begin(_ unit: UnitRecord) -> UInt64 {
    var outer = UnitRecord.Outer()
    return unit.beginRequest(at: 5, label: Label(method: 1), outer: &outer)
  }
}
