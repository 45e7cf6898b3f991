// A segment read from outside: the truth where it is whole, an error or a bounded answer where it is not.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Segment reader")
struct SegmentReaderTests {
  private static let segment = SampleSegment.bytes()

  @Test("What was written is what is read")
  func whole() throws {
    let place = TemporaryDirectory()
    let snapshot = try read(Self.segment, place)
    let worker = try #require(snapshot.workers.first)
    #expect(snapshot.service == "shop" && snapshot.workers.count == 1)
    #expect(worker.pid == getpid() && worker.runtime.agent == "test" && worker.liveness == .unknown)
    #expect(worker.units.map(\.name) == ["unit", "unit", "unit"])
    #expect(worker.units.first?.request?.label == RequestLabel(method: "GET", endpoint: "index", rule: "/"))
    #expect(worker.units.first?.contexts.first?.frame == "shop.py:1")
    #expect(worker.connections.count == 3 && worker.engines.count == 1)
    #expect(worker.failures.map(\.function) == ["teardown"])
    #expect(worker.unstable == 0)
  }

  @Test("Liveness is asked of the lock file: held by another process, and free after its death")
  func liveness() throws {
    let place = TemporaryDirectory()
    let probe = Probe(place.path)
    #expect(probe.ask("claim") == "0 1")
    probe.ask("hold")
    probe.ask("odd")
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    let alive = try #require(try reader.snapshot().workers.first)
    #expect(alive.liveness == .alive && alive.pid == probe.pid)
    probe.kill()
    let dead = try #require(try reader.snapshot().workers.first)
    #expect(dead.liveness == .dead && dead.kernel == nil)
    // What it held and what it was writing are still there.
    #expect(dead.units.map(\.contexts.count) == [1])
    #expect(dead.unstable == 1)
  }

  @Test("A file cut anywhere is an error or a shorter answer")
  func truncated() throws {
    let place = TemporaryDirectory()
    let bytes = Self.segment
    var lengths = Array(stride(from: 0, to: bytes.count, by: 8192)) + [1, 4095, 4096, 4097, 4104, 8191]
    lengths += (0..<50).map { _ in Int.random(in: 0..<bytes.count) }
    for length in lengths {
      do {
        #expect(try read(Array(bytes[..<length]), place).workers.count <= 1)
        #expect(length >= CTXTOP_PAGE_BYTES)
      } catch let error as SegmentError {
        #expect(error == .malformed || error == .notASegment)
      }
    }
  }

  @Test("Other versions, other files and no file are told apart")
  func errors() throws {
    let place = TemporaryDirectory()
    var other = Self.segment
    other[CTXTOP_HEADER_VERSION * 8] = 9
    #expect(throws: SegmentError.otherVersion(9)) { try read(other, place) }
    var contradictory = Self.segment
    contradictory[CTXTOP_HEADER_SLOTS * 8] ^= 1
    #expect(throws: SegmentError.malformed) { try read(contradictory, place) }
    #expect(throws: SegmentError.notASegment) { try read([1, 2, 3], place) }
    #expect(throws: SegmentError.notASegment) { _ = try SegmentReader(path: place.path) }
    #expect(throws: SegmentError.system(SystemFailure("", ENOENT))) {
      _ = try SegmentReader(path: place.path + "/none")
    }
    symlink(shopSegment, place.path + "/link")
    #expect(throws: SegmentError.system(SystemFailure("", ELOOP))) { _ = try SegmentReader(path: place.path + "/link") }
  }

  @Test("Random words anywhere in a slot give an answer within its bounds", arguments: 0..<8)
  func mutated(seed: UInt64) throws {
    let place = TemporaryDirectory()
    let name = shopSegment
    place.write(name, Self.segment)
    var random = Dice(state: seed)
    let descriptor = ctxtop_open(place.path + "/" + name, O_RDWR, 0)
    defer { close(descriptor) }
    for _ in 0..<400 {
      for _ in 0..<Int.random(in: 1...12, using: &random) { SegmentChange(&random).make(in: descriptor) }
      let snapshot: Snapshot
      do {
        var reader = try SegmentReader(path: place.path + "/" + name)
        snapshot = try reader.snapshot()
      } catch {
        #expect(error == .malformed)
        continue
      }
      for worker in snapshot.workers { check(worker) }
    }
  }

  private func check(_ worker: Worker) {
    #expect(worker.units.count <= CTXTOP_UNITS && worker.connections.count <= CTXTOP_HOLDINGS)
    #expect(worker.failures.count <= CTXTOP_FAILURES && worker.engines.count <= CTXTOP_ENGINES)
    for unit in worker.units { #expect(unit.contexts.count <= CTXTOP_CONTEXTS && unit.name.utf8.count <= 400) }
    for failure in worker.failures { #expect(failure.skipped.count <= CTXTOP_FAILURE_SKIPPED_MAX + 1) }
    // And it can be told to others.
    #expect(throws: Never.self) { try RecordDecoder.decode(RecordEncoder.encode(Snapshot(workers: [worker]))) }
  }

  private func read(_ bytes: [UInt8], _ place: TemporaryDirectory) throws -> Snapshot {
    place.write(shopSegment, bytes)
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    return try reader.snapshot()
  }
}

extension Snapshot {
  fileprivate init(workers: [Worker]) {
    self.init()
    self.workers = workers
  }
}
