// The leader word: three numbers in one, and an age that goes around.

import CCtxtop
import CtxtopAgent
import CtxtopGuestTestKit
import CtxtopScoreboard
import Testing

@Suite("Leader word")
struct LeaderWordTests {
  private static let tick: UInt64 = 50_000_000
  private static let around: UInt64 = 65_536 * tick

  @Test("Epoch and slot survive packing", arguments: [0, 1, 1023] as [Int?] + [nil])
  func packed(slot: Int?) {
    for epoch in [0, 1, 7, UInt32.max] {
      let word = LeaderWord(word: LeaderWord(epoch: epoch, slot: slot, at: 123_456_789_012).word)
      #expect(word.epoch == epoch && word.slot == slot)
    }
    #expect(LeaderWord(word: 0).slot == nil && LeaderWord(word: .max).slot == 65_534)
  }

  @Test(
    "The age is right to a tick, wherever the clock stands",
    arguments: [0, 1, 49, 65_535, 65_536, 9_999_999] as [UInt64])
  func age(start: UInt64) {
    let then = start * Self.tick + 17
    let word = LeaderWord(epoch: 1, slot: 2, at: then)
    for passed in [0, Self.tick, 10 * Self.tick, LeaderWord.patience, 1000 * Self.tick] {
      let age = word.age(at: then + passed)
      #expect(age <= passed + Self.tick && age + Self.tick >= passed)
    }
  }

  @Test("A heartbeat from a moment after one's own look at the clock is fresh, and not an hour old")
  func future() {
    for start in [100, 65_536, 1_000_000] as [UInt64] {
      let now = start * Self.tick - 1
      for ahead in [1, Self.tick, 20 * Self.tick] {
        #expect(LeaderWord(epoch: 1, slot: 2, at: now + ahead).age(at: now) == 0)
      }
    }
  }

  @Test("A leader that was stopped for long has lost its office")
  func stopped() {
    let word = LeaderWord(epoch: 1, slot: 2, at: 0)
    for minutes in [1, 10, 27, 30, 50] as [UInt64] {
      #expect(word.age(at: minutes * 60_000_000_000) > LeaderWord.patience)
    }
  }

  @Test("An office is taken when it is vacant, and lost when another takes it")
  func office() throws {
    let place = TemporaryDirectory()
    let probe = Probe(place.path)
    #expect(probe.ask("claim") == "0 1")
    let claimed = try ClaimedSlot(place)
    var own = Leadership(try service(claimed, place))
    var now = Clock.monotonic()
    expect(false, own.stillLeads())
    // Nobody has it; then the other worker, which lives and was seen just now.
    let header = claimed.file.header
    header.store(CTXTOP_HEADER_LEADER, LeaderWord(epoch: 5, slot: 0, at: now).word)
    expect(false, own.takeIfVacant(at: now))
    expect(false, own.takeIfVacant(at: now + LeaderWord.patience / 2))
    // Stopped: its heartbeat is old.
    now += LeaderWord.patience + 2 * Self.tick
    expect(true, own.takeIfVacant(at: now))
    expect(true, own.stillLeads())
    #expect(own.epoch == 6)
    own.beat(at: now + Self.tick)
    expect(true, own.stillLeads())
    #expect(own.current.age(at: now + Self.tick) == 0)
    // The other one comes back and takes it: noticed at the next look, and nothing is written any more.
    let theirs = LeaderWord(epoch: 7, slot: 0, at: now)
    header.store(CTXTOP_HEADER_LEADER, theirs.word)
    own.beat(at: now + 2 * Self.tick)
    expect(false, own.stillLeads())
    #expect(own.current == theirs && own.epoch == nil)
    own.resign(at: now)
    #expect(own.current == theirs)
    // It dies: at once.
    probe.kill()
    expect(true, own.takeIfVacant(at: now))
    own.resign(at: now)
    #expect(own.current.slot == nil && own.current.epoch == 9)
  }

  /// `#expect` cannot call what changes its object.
  private func expect(_ wanted: Bool, _ answer: Bool, at location: SourceLocation = #_sourceLocation) {
    #expect(answer == wanted, sourceLocation: location)
  }

  private func service(_ claimed: ClaimedSlot, _ place: TemporaryDirectory) throws -> Service {
    let mode = FileMode(group: nil)
    let directory = try RuntimeDirectory.find(named: place.path, mode: mode)
    let files = ServiceFiles(directory: directory, segment: claimed.file, lock: claimed.lock)
    return Service(files: files, slot: claimed.slot, mode: mode, stem: "shop")
  }
}
