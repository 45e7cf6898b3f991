// A slot that gets its pages in another file, while nobody writes to it and while everybody does.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Synchronization
import Testing

@Suite("A slot that moves", .serialized)
struct SlotMoveTests {
  /// Another segment, with a slot that was just claimed in it.
  private final class Destination {
    let place = TemporaryDirectory()
    let file: SegmentFile
    let slot: Slot

    init() throws {
      let mode = FileMode(group: nil)
      file = try SegmentFile.open(in: place.directory, stem: "shop", mode: mode)
      slot = try SlotClaim.claim(in: file, lock: try LockFile(in: place.directory, stem: "shop", mode: mode))
    }

    func worker() throws -> Worker {
      var reader = try SegmentReader(path: place.path + "/" + shopSegment)
      return try #require(try reader.snapshot().workers.first)
    }
  }

  private func worker(_ place: TemporaryDirectory) throws -> Worker {
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    return try #require(try reader.snapshot().workers.first)
  }

  private func fill(_ claimed: ClaimedSlot, units: Int) {
    for number in 0..<units {
      claimed.slot.allocateAhead(in: claimed.file)
      let name = claimed.names.number(of: "thread-\(number)")
      guard let unit = claimed.slot.takeUnit(kind: 0, nativeID: UInt64(number), name: name, at: 1) else { continue }
      _ = UnitRecord(unit).push(kind: 0, identity: UInt64(number), frame: 0, request: 0, at: 2)
    }
  }

  @Test("All that it has is in the other file, and what it gets from now on")
  func moved() throws {
    let place = TemporaryDirectory()
    let claimed = try ClaimedSlot(place)
    fill(claimed, units: 300)
    let before = try worker(place)
    #expect(before.units.count == 300)
    let destination = try Destination()
    #expect(claimed.slot.move(to: destination.slot, in: destination.file))
    let after = try destination.worker()
    #expect(after.units == before.units && after.counters == before.counters && after.pid == before.pid)
    // The names are still known by their numbers, and there is room for more in the other file.
    let moved = Slot(index: destination.slot.index, base: claimed.slot.control.base)
    let number = claimed.names.number(of: "thread-7")
    let unit = try #require(moved.takeUnit(kind: 0, nativeID: 7, name: number, at: 3))
    #expect(UnitRecord(unit).push(kind: 0, identity: 9, frame: 0, request: 0, at: 4))
    moved.allocateAhead(in: destination.file)
    #expect(try destination.worker().units.map(\.name).filter { $0 == "thread-7" }.count == 2)
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    #expect(try reader.snapshot().workers.isEmpty)
  }

  @Test("Where it cannot move, it stays, and nothing is lost")
  func stayed() throws {
    let place = TemporaryDirectory()
    let claimed = try ClaimedSlot(place)
    fill(claimed, units: 100)
    let before = try worker(place)
    let destination = try Destination()
    close(destination.file.descriptor)
    #expect(!claimed.slot.move(to: destination.slot, in: destination.file))
    #expect(try worker(place).units == before.units)
    fill(claimed, units: 20)
    #expect(try worker(place).units.count == 120)
  }

  /// What threads and the test share while a slot moves.
  private final class Race: Sendable {
    let isOver = Atomic(false)
    let moves = Atomic(0)
    nonisolated(unsafe) let units: [Words]

    init(_ slot: Slot, count: Int) throws {
      units = try (0..<count).map { try #require(slot.takeUnit(kind: 0, nativeID: UInt64($0), name: 0, at: 1)) }
    }

    /// Writes one record, over and over, the same value into each word that nothing else means anything to.
    func write(_ index: Int) -> UInt64 {
      var value: UInt64 = 0
      while !isOver.load(ordering: .acquiring) {
        value += 1
        ChangeCount.beginOwned(units[index])
        for word in SlotMoveTests.free { units[index].store(word, value) }
        ChangeCount.end(units[index])
      }
      return value
    }
  }

  private static let free = CTXTOP_UNIT_CONTEXTS..<CTXTOP_UNIT_WORDS

  @Test("Records that are written all the time end whole, wherever a move met them")
  func busy() throws {
    let first = TemporaryDirectory()
    let claimed = try ClaimedSlot(first)
    let race = try Race(claimed.slot, count: 4)
    let last = (0..<4).map { _ in UnsafeMutablePointer<UInt64>.allocate(capacity: 1) }
    defer { for one in last { one.deallocate() } }
    let destinations = try (0..<20).map { _ in try Destination() }
    let slot = claimed.slot
    nonisolated(unsafe) let (places, results) = (destinations, last)
    onThreads(5) { index in
      if index < 4 {
        results[index].initialize(to: race.write(index))
        return
      }
      for place in places where slot.move(to: place.slot, in: place.file) {
        race.moves.add(1, ordering: .relaxed)
        usleep(10_000)
      }
      race.isOver.store(true, ordering: .releasing)
    }
    #expect(race.moves.load(ordering: .relaxed) == destinations.count)
    for (unit, last) in zip(race.units, last) {
      #expect(last.pointee > 1000 && unit.load(CTXTOP_UNIT_CHANGE) & 1 == 0)
      #expect(Self.free.allSatisfy { unit.load($0) == last.pointee })
      // And it is the last file that has it.
      var word: UInt64 = 0
      let place = try #require(destinations.last)
      let offset =
        SlotLayout.offset(of: place.slot.index) + (unit.base - claimed.slot.control.base) + Self.free.lowerBound * 8
      #expect(pread(place.file.descriptor, &word, 8, offset) == 8 && word == last.pointee)
    }
  }
}
