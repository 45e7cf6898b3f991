// What clients asked for, in the segment's header: whoever reads it sees the same.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Action ring")
struct ActionRingTests {
  @Test("The latest sixteen are kept, the counts of all are exact, and leader and outsider read the same")
  func ring() throws {
    let place = TemporaryDirectory()
    let claimed = try ClaimedSlot(place)
    for number: UInt32 in 1...20 {
      let outcome: ActionOutcome = number % 4 == 0 ? .accepted : .noWorker
      ActionRing.note(outcome, worker: 4000 + number, user: number, pid: 100 + number, in: claimed.file.header)
    }
    let snapshot = try collected(claimed)
    #expect(snapshot.actionCounts == ActionCounts(accepted: 5, refused: 15))
    #expect(snapshot.actions.map(\.number) == Array(5...20))
    let last = try #require(snapshot.actions.last)
    #expect(last.worker == 4020 && last.user == 20 && last.pid == 120 && last.outcome == .accepted)
    #expect(last.time <= Clock.wall() && last.time > Clock.wall() - 60_000_000_000)
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    let outside = try reader.snapshot()
    #expect(outside.actions == snapshot.actions && outside.actionCounts == snapshot.actionCounts)
  }

  @Test("A place that is being written, or holds an older one, tells of nothing")
  func torn() throws {
    let claimed = try ClaimedSlot(TemporaryDirectory())
    let header = claimed.file.header
    for _ in 0..<3 { ActionRing.note(.stopped, worker: 1, user: 0, pid: 0, in: header) }
    header.store(CTXTOP_HEADER_ACTIONS + 2 * CTXTOP_ACTION_WORDS, 0)
    #expect(try collected(claimed).actions.map(\.number) == [1, 3])
    header.store(CTXTOP_HEADER_ACTIONS + 3 * CTXTOP_ACTION_WORDS, 19)
    #expect(try collected(claimed).actions.map(\.number) == [1])
  }

  @Test("An outcome that a later version knows is not known")
  func unknown() throws {
    let claimed = try ClaimedSlot(TemporaryDirectory())
    ActionRing.note(.stopped, worker: 1, user: 0, pid: 0, in: claimed.file.header)
    let subject = CTXTOP_HEADER_ACTIONS + CTXTOP_ACTION_WORDS + CTXTOP_ACTION_SUBJECT
    claimed.file.header.store(subject, Words.pack(1, 200))
    #expect(try collected(claimed).actions.map(\.outcome) == [nil])
  }

  private func collected(_ claimed: ClaimedSlot) throws -> Snapshot {
    var collector = Collector(file: claimed.file, lock: claimed.lock, own: claimed.slot)
    collector.read()
    return try RecordDecoder.decode(collector.record().withBytes { [UInt8]($0) })
  }
}
