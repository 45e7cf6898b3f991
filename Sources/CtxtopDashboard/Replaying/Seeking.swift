// To another record: the next, one at a time, one in which something begins. What is asked for comes as a message; until
// then the screen stays as it is.

import CtxtopModel

extension State {
  /// Asks for a record, or for the nearest there is.
  mutating func ask(forRecord index: Int, direction: Int = 1) -> [Effect] {
    guard let last = replay?.last else { return [] }
    replay?.direction = direction
    replay?.misses = 0
    return [.showRecord(min(max(0, index), last))]
  }

  /// Goes to a record because somebody wants to see it.
  mutating func seek(_ index: Int, direction: Int = 1) -> [Effect] {
    replay?.isFollowing = false
    // Whatever is shown next, time goes on from there.
    if replay?.clock != nil { replay?.clock = PlayClock(at: now, time: 0, isSet: false) }
    return ask(forRecord: index, direction: direction)
  }

  /// One record forward or back.
  mutating func step(by distance: Int) -> [Effect] {
    guard let replay, let position = replay.position, let last = replay.last else { return [] }
    guard (0...last).contains(position + distance) else {
      say(distance > 0 ? "this is the last record" : "this is the first record")
      return []
    }
    return seek(position + distance, direction: distance)
  }

  mutating func rewind() -> [Effect] { seek(0) }

  /// To the last record, and to each that is appended after it.
  mutating func goToEnd() -> [Effect] {
    guard let last = replay?.last else { return [] }
    let effects = seek(last, direction: -1)
    replay?.clock = nil
    replay?.isFollowing = true
    return effects
  }

  /// To the next record, or the last one before, in which something begins to be wrong.
  mutating func goToFinding(by step: Int) -> [Effect] {
    guard let replay, let position = replay.position else { return [] }
    guard let finding = replay.outline.finding(from: position, by: step) else {
      let isFree = replay.outline.findings.isEmpty
      say(isFree ? "nothing is wrong in this recording" : "nothing else begins \(step > 0 ? "after" : "before") this")
      return []
    }
    self.replay?.clock = nil
    return seek(finding.index, direction: step)
  }

  /// To the record at a time that was typed; nil: it is no time.
  mutating func goToTime(_ text: String) -> [Effect]? {
    guard let replay, replay.last != nil else { return [] }
    guard let reference = TimeReference(text) else { return nil }
    let outline = replay.outline
    let time = reference.wallTime(first: outline.first, last: outline.last)
    if time < outline.first { say("the recording begins at \(Moment.text(wallTime: outline.first))") }
    if time > outline.last { say("the recording ends at \(Moment.text(wallTime: outline.last))") }
    return seek(outline.index(at: time))
  }
}
