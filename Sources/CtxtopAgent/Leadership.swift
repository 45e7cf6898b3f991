// Which agent owns the service's socket. One word in the header says it: {heartbeat, slot + 1, epoch},
// changed by compare-and-swap alone. The locks prove life, not leadership.
//
// What must hold: a leader looks at its epoch after every wake-up, before it renames its socket into place,
// before each answer and before it unlinks anything. If the epoch is not its own any more, it closes its
// listener and clients and unlinks nothing: it may have been stopped for an hour, and the path is another's.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// The leader word, taken apart.
package struct LeaderWord: Equatable, Sendable {
  /// A leader whose heartbeat is older than this has lost its office: it is stopped.
  package static let patience: UInt64 = 1_500_000_000
  private static let tick: UInt64 = 50_000_000
  /// An age of more ticks than this is that of a heartbeat up to ten seconds ahead of its reader.
  private static let future: UInt64 = 0xffff - 200

  package let word: UInt64

  package init(word: UInt64) { self.word = word }

  package init(epoch: UInt32, slot: Int?, at now: UInt64) {
    let seat = slot.map { UInt64($0 &+ 1) & 0xffff } ?? 0
    word = Self.ticks(now) | seat &<< 16 | UInt64(epoch) &<< 32
  }

  package var epoch: UInt32 { word.high }
  package var slot: Int? { word.low &>> 16 == 0 ? nil : Int(word.low &>> 16) - 1 }

  /// Age of the heartbeat in nanoseconds, within a tick; counts around after an hour. A heartbeat from later
  /// than `now`, which its reader took before it was held up, is fresh.
  package func age(at now: UInt64) -> UInt64 {
    let ticks = (Self.ticks(now) &- word) & 0xffff
    return ticks > Self.future ? 0 : ticks &* Self.tick
  }

  private static func ticks(_ now: UInt64) -> UInt64 { now / tick & 0xffff }
}

/// This process's view of the leadership. Agent's thread only.
package struct Leadership {
  private let header: Words
  private let slot: Slot
  private let lock: LockFile
  /// The epoch that this process leads; nil: it follows.
  package private(set) var epoch: UInt32?

  package init(_ service: Service) {
    header = service.file.header
    slot = service.slot
    lock = service.lock
  }

  /// The word as it stands.
  package var current: LeaderWord { LeaderWord(word: header.load(CTXTOP_HEADER_LEADER)) }

  /// Whether this process leads, asked of the word itself. Losing office is noticed here.
  package mutating func stillLeads() -> Bool {
    guard let epoch else { return false }
    let word = current
    if word.epoch == epoch, word.slot == slot.index { return true }
    self.epoch = nil
    return false
  }

  /// The leader's sign of life.
  package mutating func beat(at now: UInt64) {
    guard let epoch else { return }
    let word = current
    let next = LeaderWord(epoch: epoch, slot: slot.index, at: now)
    guard word.epoch == epoch, word.slot == slot.index, exchange(word, next) else {
      self.epoch = stillLeads() ? epoch : nil
      return
    }
  }

  /// Takes the office if it is vacant. `mayBeDead`: the leader's process is said to have ended, ask its lock.
  package mutating func takeIfVacant(at now: UInt64) -> Bool {
    let word = current
    guard isVacant(word, at: now) else { return false }
    let next = LeaderWord(epoch: word.epoch &+ 1, slot: slot.index, at: now)
    guard exchange(word, next) else { return false }
    epoch = next.epoch
    return true
  }

  /// Gives the office up, so that others need not wait for the heartbeat to grow old.
  package mutating func resign(at now: UInt64) {
    guard stillLeads(), let epoch else { return }
    _ = exchange(current, LeaderWord(epoch: epoch &+ 1, slot: nil, at: now))
    self.epoch = nil
  }

  private func isVacant(_ word: LeaderWord, at now: UInt64) -> Bool {
    guard let leader = word.slot, leader != slot.index else { return true }
    if word.age(at: now) > LeaderWord.patience { return true }
    return lock.isHeld(leader) == false
  }

  private func exchange(_ word: LeaderWord, _ next: LeaderWord) -> Bool {
    header.exchange(CTXTOP_HEADER_LEADER, expected: word.word, with: next.word)
  }
}
