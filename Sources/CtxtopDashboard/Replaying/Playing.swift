// One record after the other, as they came, or faster. Where a gap is, time jumps over it.
//
// A clock says which record's time it is now. It goes on without regard to when records are drawn, so that what is slow
// leaves records out and not time.

import CtxtopModel

/// The time that passes in a recording.
struct PlayClock: Sendable {
  /// A moment of the operator's clock.
  var at: UInt64
  /// The time of the recording at that moment.
  var time: UInt64
  /// Whether it is known; otherwise it begins with the next record that is shown.
  var isSet = true

  /// The recording's time at a later moment.
  func time(at now: UInt64, speed: Int) -> UInt64 {
    let (passed, isLong) = Moment.between(at, now).multipliedReportingOverflow(by: UInt64(max(1, speed)))
    return isLong ? .max : time.advanced(by: passed)
  }

  /// When, by the operator's clock, it is so late in the recording.
  func moment(of time: UInt64, speed: Int) -> UInt64 {
    at.advanced(by: Moment.between(self.time, time) / UInt64(max(1, speed)))
  }
}

extension UInt64 {
  /// The sum, or the greatest number where there is none.
  fileprivate func advanced(by other: UInt64) -> UInt64 {
    let (sum, isTooMuch) = addingReportingOverflow(other)
    return isTooMuch ? .max : sum
  }
}

/// How fast it may go.
enum Speed {
  private static let steps = [1, 2, 5, 10, 30, 60, 300, 900, 3_600]

  static func faster(than speed: Int) -> Int { steps.first { $0 > speed } ?? speed }
  static func slower(than speed: Int) -> Int { steps.last { $0 < speed } ?? speed }
}

extension State {
  /// So far apart are two records on the screen at least, in nanoseconds: nobody sees more, and terminals are far away.
  private static let leastStep: UInt64 = 50_000_000
  /// So long a gap takes, in nanoseconds.
  private static let gapStep: UInt64 = 1_000_000_000

  mutating func togglePlaying() -> [Effect] {
    guard let replay, let position = replay.position else { return [] }
    if replay.isPlaying || (replay.isFollowing && replay.isGrowing(at: now)) {
      self.replay?.clock = nil
      self.replay?.isFollowing = false
    } else if position < replay.last ?? 0 {
      self.replay?.isFollowing = false
      self.replay?.clock = PlayClock(at: now, time: replay.time)
    } else if replay.isGrowing(at: now) {
      self.replay?.isFollowing = true
    } else {
      say("this is the end of the recording: r goes back to its beginning")
    }
    return []
  }

  mutating func changeSpeed(to speed: Int) {
    guard let replay, speed != replay.speed else { return }
    if let clock = replay.clock, clock.isSet {
      self.replay?.clock = PlayClock(at: now, time: clock.time(at: now, speed: replay.speed))
    }
    self.replay?.speed = speed
  }

  /// When the next record is due by the operator's clock; nil: none is.
  package var nextRecordTime: UInt64? {
    guard let replay, let clock = replay.clock, clock.isSet, let position = replay.position,
      position + 1 < replay.outline.count
    else { return nil }
    let isGap = replay.outline.gap(before: position + 1) != nil
    let due =
      isGap
      ? clock.at.advanced(by: Self.gapStep)
      : clock.moment(of: replay.outline.times[position + 1], speed: replay.speed)
    return max(due, replay.shown.advanced(by: Self.leastStep))
  }

  /// Shows the record that it is time for.
  mutating func play() -> [Effect] {
    guard let due = nextRecordTime, now >= due, let replay, let clock = replay.clock, let position = replay.position
    else { return [] }
    var index = position + 1
    if replay.outline.gap(before: index) == nil {
      // As far as the next gap at most.
      let limit = min(replay.outline.gap(behind: index)?.before ?? .max, replay.outline.count) - 1
      index = min(max(index, replay.outline.index(at: clock.time(at: now, speed: replay.speed))), limit)
    }
    return ask(forRecord: index)
  }

  /// After a record was shown: sets the clock by it, where it did not come in its time.
  mutating func adjustClock(from before: Int?) {
    guard let replay, let clock = replay.clock, let position = replay.position else { return }
    self.replay?.shown = now
    let isInTime = clock.isSet && position != before && replay.outline.gap(before: position) == nil
    // Before a gap, the time counts from the record on.
    let isBeforeGap = replay.outline.gap(before: position + 1) != nil
    if !isInTime || isBeforeGap { self.replay?.clock = PlayClock(at: now, time: replay.time) }
    guard position >= replay.last ?? 0 else { return }
    self.replay?.clock = nil
    self.replay?.isFollowing = replay.isGrowing(at: now)
    if !replay.isGrowing(at: now) { say("this is the end of the recording") }
  }
}
