// Whether a slot has changed since it was read, told from few of its words: 64 bits mixed from every word
// that a change cannot leave alone. Of a guarded record that is its change count; of words that are not
// guarded, all of them. What is not in here is the pulse (SlotPulse), and what those who take a
// value for settled must look after themselves (Collector.read).
//
// Every word is loaded with acquire ordering, so two equal fingerprints, one taken before a reading and one
// after it, hold that reading between them. Counts only grow: a word that is the same was the same all along.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// What one pass over a slot leaves for the next.
struct SlotMemory {
  /// Of the slot when its worker was read; nil: the worker must be read again.
  var fingerprint: UInt64?
  /// What the kernel said of the tenant's lock, and when.
  var liveness = Liveness.unknown
  var tenant: UInt64 = 0
  var asked: UInt64 = 0
}

/// Two halves that are mixed side by side: each step waits for the one before in its own half only.
private struct Mixer {
  var even: UInt64 = 1
  var odd: UInt64 = 2

  @inline(__always)
  mutating func add(_ first: UInt64, _ second: UInt64) {
    even = (even ^ first) &* 0xFF51_AFD7_ED55_8CCD
    odd = (odd ^ second) &* 0xC4CE_B9FE_1A85_EC53
    even ^= even &>> 32
    odd ^= odd &>> 32
  }

  /// An even number of words.
  @inline(__always)
  mutating func add(_ words: Words, _ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      add(words.load(index), words.load(index &+ 1))
      index &+= 2
    }
  }
}

extension SlotView {
  /// The slot's words, mixed.
  var fingerprint: UInt64 {
    var mixer = Mixer()
    mixer.add(control, 0..<CTXTOP_SLOT_GUARDED_END)
    // The counts of records used, and the exact counts of what failed and what was dropped.
    mixer.add(control, CTXTOP_SLOT_USED_NAMES..<48)
    mixer.add(control.load(CTXTOP_SLOT_LATENCY_LONGEST), UInt64(truncatingIfNeeded: unitCount))
    mixer.add(UInt64(truncatingIfNeeded: holdingCount), UInt64(truncatingIfNeeded: failureCount))
    let used = min(Int(truncatingIfNeeded: control.load(CTXTOP_SLOT_USED_LANES)), CTXTOP_LANES)
    var lane = lanes
    for _ in 0..<max(used, 0) {
      mixer.add(lane, 0..<CTXTOP_LANE_WORDS)
      lane = lane.advanced(by: CTXTOP_LANE_WORDS)
    }
    var unit = units.body
    for _ in 0..<unitCount {
      mixer.add(unit.load(CTXTOP_UNIT_CHANGE), unit.load(CTXTOP_UNIT_TENANT))
      mixer.add(unit.load(CTXTOP_UNIT_CLOSED_ELSEWHERE), 0)
      unit = unit.advanced(by: CTXTOP_UNIT_WORDS)
    }
    var holding = holdings.body
    for _ in 0..<holdingCount {
      mixer.add(holding.load(CTXTOP_HOLDING_CHANGE), holding.load(CTXTOP_HOLDING_TENANT))
      holding = holding.advanced(by: CTXTOP_HOLDING_WORDS)
    }
    var failure = failures.body
    for _ in 0..<failureCount {
      mixer.add(failure, CTXTOP_FAILURE_CHANGE..<CTXTOP_FAILURE_FIRST)
      failure = failure.advanced(by: CTXTOP_FAILURE_WORDS)
    }
    return mixer.even ^ mixer.odd
  }
}
