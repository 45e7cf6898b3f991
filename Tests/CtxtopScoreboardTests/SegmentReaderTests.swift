// A segment read from outside: the truth where it is whole, an error or a bounded answer where it is not.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Segment reader")
struct SegmentReaderTests {
  /// The bytes of a segment with one worker that has something of everything.
  private static let segment: [UInt8] = {
    let place = TemporaryDirectory()
    guard let claimed = try? ClaimedSlot(place) else { return [] }
    let slot = claimed.slot
    for index in 0..<3 {
      guard let words = slot.takeUnit(kind: 0, nativeID: UInt64(index), name: claimed.names.number(of: "unit"), at: 1)
      else { return [] }
      var outer = UnitRecord.Outer()
      _ = UnitRecord(words).beginRequest(at: 2, label: Label(method: 1), outer: &outer)
      UnitRecord(words).nameRequest(
        endpoint: claimed.names.number(of: "index"), rule: claimed.names.number(of: "/"))
      _ = UnitRecord(words).push(kind: 0, identity: 1, frame: claimed.names.number(of: "shop.py:1"), request: 0, at: 3)
      _ = slot.openHolding(kind: CTXTOP_HOLDING_CONNECTION, subject: Words.pack(0, 9), at: 4)
    }
    slot.lane(1).store(CTXTOP_LANE_REQUESTS, 3)
    _ = slot.describeEngine(url: claimed.names.number(of: "sqlite://"), poolSize: 5, overflow: 1, timeout: 1)
    var failure = FailureWords()
    failure.function = claimed.names.number(of: "teardown")
    let none = UnsafeRawBufferPointer(start: nil, count: 0)
    slot.recordFailure(failure, skipped: .init(start: nil, count: 0), message: none, traceback: none, wallTime: 5)
    return place.read(shopSegment)
  }()

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
    var random = Generator(state: seed)
    let descriptor = ctxtop_open(place.path + "/" + name, O_RDWR, 0)
    defer { close(descriptor) }
    for _ in 0..<400 {
      for _ in 0..<Int.random(in: 1...12, using: &random) { mutate(descriptor, &random) }
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

  /// Overwrites a word where words matter: mostly on the control page, else in a record.
  private func mutate(_ descriptor: Int32, _ random: inout Generator) {
    let slot = SlotLayout.offset(of: 0)
    let values: [UInt64] = [
      0, 1, 2, .max, 1 << 63, 0xffff_ffff, 0xffff_ffff_0000_0001, random.next(), random.next() % 5000,
    ]
    var value = values.randomElement(using: &random) ?? 0
    let tables = Table.allCases.map { slot + $0.offset + 8 * Int.random(in: 0..<3 * $0.words, using: &random) }
    let control = slot + 8 * Int.random(in: 1..<50, using: &random)
    let other = slot + 8 * Int.random(in: 0..<1536, using: &random)
    let offset = (tables + [control, control, control, other]).randomElement(using: &random) ?? control
    // A slot without a tenant would end the test of everything else.
    if offset == slot { value = 1 }
    pwrite(descriptor, &value, 8, offset)
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

/// SplitMix64: the same words for the same seed.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value &>> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value &>> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value &>> 31
  }
}

extension Snapshot {
  fileprivate init(workers: [Worker]) {
    self.init()
    self.workers = workers
  }
}
