// What clients asked to be done, and what came of it: the latest in a ring of the segment's header, so that they are
// known whichever worker answers, and when none does.
//
// Only the leader writes. One that has lost its office without noticing may write at the same time: the numbers are
// given out by atomic addition of the counts, and whoever writes a place last has it. A reader that sees another
// number after the words than before them takes nothing from that place.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

package enum ActionRing {
  /// Notes an action.
  @inline(never)
  package static func note(_ outcome: ActionOutcome, worker: UInt32, user: UInt32, pid: UInt32, in header: Words) {
    header.add(outcome == .accepted ? CTXTOP_HEADER_ACCEPTED : CTXTOP_HEADER_REFUSED)
    let number = header.load(CTXTOP_HEADER_ACCEPTED) &+ header.load(CTXTOP_HEADER_REFUSED)
    let place = place(number, header)
    place.store(CTXTOP_ACTION_NUMBER, 0)
    place.store(CTXTOP_ACTION_TIME, Clock.wall())
    place.store(CTXTOP_ACTION_CLIENT, Words.pack(user, pid))
    place.store(CTXTOP_ACTION_SUBJECT, Words.pack(worker, UInt32(outcome.rawValue)))
    place.store(CTXTOP_ACTION_NUMBER, number)
  }

  /// Writes the counts and the latest actions, the oldest first, as a record has them.
  @inline(never)
  package static func write(_ header: Words, to out: inout ByteSink) {
    let accepted = header.load(CTXTOP_HEADER_ACCEPTED)
    let refused = header.load(CTXTOP_HEADER_REFUSED)
    out.varint(accepted)
    out.varint(refused)
    let list = out.openCount()
    var count = 0
    let last = accepted &+ refused
    let kept = min(last, UInt64(CTXTOP_ACTIONS))
    for back in 0..<kept {
      if write(last &- (kept &- 1 &- back), header, to: &out) { count &+= 1 }
    }
    out.closeCount(list, count)
  }

  private static func write(_ number: UInt64, _ header: Words, to out: inout ByteSink) -> Bool {
    let place = place(number, header)
    let before = place.load(CTXTOP_ACTION_NUMBER)
    let time = place.load(CTXTOP_ACTION_TIME)
    let client = place.load(CTXTOP_ACTION_CLIENT)
    let subject = place.load(CTXTOP_ACTION_SUBJECT)
    guard before == number, place.load(CTXTOP_ACTION_NUMBER) == number else { return false }
    let entity = out.openEntity()
    out.varint(number)
    out.varint(time)
    out.varint(UInt64(client.low))
    out.varint(UInt64(client.high))
    out.varint(UInt64(subject.low))
    out.varint(UInt64(subject.high))
    out.closeEntity(entity)
    return true
  }

  private static func place(_ number: UInt64, _ header: Words) -> Words {
    let index = Int(truncatingIfNeeded: number % UInt64(CTXTOP_ACTIONS))
    return header.advanced(by: CTXTOP_HEADER_ACTIONS &+ index &* CTXTOP_ACTION_WORDS)
  }
}
