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

/// Four quarters that are mixed side by side: each step waits for the one before in its own quarter only.
private struct Mixer {
  private var first: UInt64 = 1
  private var second: UInt64 = 2
  private var third: UInt64 = 3
  private var fourth: UInt64 = 4

  @inline(__always)
  mutating func add(_ words: (UInt64, UInt64, UInt64, UInt64)) {
    first = (first ^ words.0) &* 0xFF51_AFD7_ED55_8CCD
    second = (second ^ words.1) &* 0xC4CE_B9FE_1A85_EC53
    third = (third ^ words.2) &* 0x9FB2_1C65_1E98_DF25
    fourth = (fourth ^ words.3) &* 0xD6E8_FEB8_6659_FD93
    first ^= first &>> 32
    second ^= second &>> 32
    third ^= third &>> 32
    fourth ^= fourth &>> 32
  }

  /// A number of words that four divides.
  @inline(__always)
  mutating func add(_ words: Words, _ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      add((words.load(index), words.load(index &+ 1), words.load(index &+ 2), words.load(index &+ 3)))
      index &+= 4
    }
  }

  var mixed: UInt64 { first ^ second ^ third ^ fourth }
}

extension SlotView {
  /// The slot's words, mixed.
  var fingerprint: UInt64 {
    var mixer = Mixer()
    mixer.add(control, 0..<CTXTOP_SLOT_GUARDED_END)
    // The counts of records used, and the exact counts of what failed and what was dropped.
    mixer.add(control, CTXTOP_SLOT_USED_NAMES..<48)
    mixer.add(
      (
        control.load(CTXTOP_SLOT_LATENCY_LONGEST), UInt64(truncatingIfNeeded: unitCount),
        UInt64(truncatingIfNeeded: holdingCount), UInt64(truncatingIfNeeded: failureCount)
      ))
    let used = min(Int(truncatingIfNeeded: control.load(CTXTOP_SLOT_USED_LANES)), CTXTOP_LANES)
    var lane = lanes
    for _ in 0..<max(used, 0) {
      mixer.add(lane, 0..<CTXTOP_LANE_WORDS)
      lane = lane.advanced(by: CTXTOP_LANE_WORDS)
    }
    var unit = units.body
    for _ in 0..<unitCount {
      mixer.add(
        (unit.load(CTXTOP_UNIT_CHANGE), unit.load(CTXTOP_UNIT_TENANT), unit.load(CTXTOP_UNIT_CLOSED_ELSEWHERE), 0))
      unit = unit.advanced(by: CTXTOP_UNIT_WORDS)
    }
    var holding = holdings.body
    for _ in 0..<holdingCount {
      mixer.add((holding.load(CTXTOP_HOLDING_CHANGE), holding.load(CTXTOP_HOLDING_TENANT), 0, 0))
      holding = holding.advanced(by: CTXTOP_HOLDING_WORDS)
    }
    var failure = failures.body
    for _ in 0..<failureCount {
      mixer.add(failure, CTXTOP_FAILURE_CHANGE..<CTXTOP_FAILURE_FIRST)
      failure = failure.advanced(by: CTXTOP_FAILURE_WORDS)
    }
    return mixer.mixed
  }
}
