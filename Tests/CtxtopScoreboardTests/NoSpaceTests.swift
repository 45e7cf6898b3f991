// A file system without space: the worker goes unmonitored or drops events, and lives. As root only: a tiny
// file system must be mounted for it.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Glibc
import Testing

@Suite("No space", .enabled(if: SmallFileSystem.isPossible, "needs to mount"), .serialized)
struct NoSpaceTests {
  @Test("A claim that finds no space says so in one line")
  func claim() throws {
    let small = try SmallFileSystem(kilobytes: 64)
    let probe = Probe(small.path)
    #expect(probe.ask("claim") == "allocating the segment: No space left on device")
    #expect(probe.ask("attach") == "-\(ENOSPC) allocating the segment: No space left on device")
    #expect(probe.ask("requests 5") == "ok")
  }

  @Test("Full later: what has no page is dropped and counted, and nothing is touched that would be a signal")
  func later() throws {
    let small = try SmallFileSystem(kilobytes: 256)
    let place = small.directory
    let claimed = try ClaimedSlot(place)
    small.fill()
    for table in Table.allCases { #expect(claimed.slot.allocated(table) == table.chunk) }
    for index in 0..<400 {
      _ = claimed.names.number(of: "name \(index)")
      if claimed.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) == nil {
        claimed.slot.control.add(CTXTOP_SLOT_DROPPED_UNITS)
      }
      _ = claimed.slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 1), at: 1)
      var failure = FailureWords()
      failure.function = UInt32(index)
      let none = UnsafeRawBufferPointer(start: nil, count: 0)
      claimed.slot.recordFailure(
        failure, skipped: .init(start: nil, count: 0), message: none, traceback: none, wallTime: 5)
      claimed.slot.allocateAhead(in: claimed.file)
    }
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    let worker = try #require(try reader.snapshot().workers.first)
    #expect(worker.units.count == Table.units.chunk && worker.connections.count == Table.holdings.chunk)
    #expect(worker.failures.count == Table.failures.chunk && worker.counters.teardownFailures == 400)
    let dropped = worker.counters.dropped
    #expect(dropped.units == 400 - 64 && dropped.holdings == 400 - 64 && dropped.failures == 400 - Table.failures.chunk)
    // Names: number 0 stands for none, and the worker's own description took one.
    #expect(dropped.names == 400 - 254)
    small.empty()
    claimed.slot.allocateAhead(in: claimed.file)
    #expect(claimed.slot.takeUnit(kind: 0, nativeID: 1, name: 0, at: 1) != nil)
  }

  @Test("Where no new slot fits, the slot of a dead worker is taken instead")
  func deadInstead() throws {
    let small = try SmallFileSystem(kilobytes: 256)
    let first = Probe(small.path)
    #expect(first.ask("claim") == "0 1")
    first.ask("hold")
    first.kill()
    small.fill()
    #expect(Probe(small.path).ask("claim") == "0 2")
  }
}

/// A tmpfs of a few pages, mounted for one test.
private final class SmallFileSystem {
  let directory = TemporaryDirectory()
  var path: String { directory.path }

  static let isPossible: Bool = {
    guard geteuid() == 0, let probe = try? SmallFileSystem(kilobytes: 64) else { return false }
    return !probe.path.isEmpty
  }()

  init(kilobytes: Int) throws {
    guard mount("none", directory.path, "tmpfs", 0, "size=\(kilobytes)k,mode=0700") == 0 else {
      throw SystemFailure("mounting", errno)
    }
  }

  deinit {
    empty()
    for name in directory.names { remove(path + "/" + name) }
    umount2(directory.path, Int32(MNT_DETACH))
  }

  /// Takes all space that is left.
  func fill() {
    let file = ctxtop_open(path + "/filler", O_CREAT | O_WRONLY, 0o600)
    let page = [UInt8](repeating: 1, count: 4096)
    while write(file, page, page.count) == page.count {}
    close(file)
  }

  /// Gives it back.
  func empty() { remove(path + "/filler") }
}
