// Where in a recording one is, in words: in the title, and where a record says nothing about what is wrong.

import CtxtopModel
import CtxtopScreen

extension State {
  /// `‖ replay 2026-11-22 09:04:12 UTC 1,204/86,400 5x`, as much of it as there is room for.
  func title(of replay: Replay) -> [Span] {
    guard let position = replay.position else { return [Span("\(look.shapes.paused) replay", look[.warning])] }
    let time = Format.time(replay.outline.entries[position].wallTime)
    let (date, clock) = (time.prefix(10), time.dropFirst(11).prefix(8))
    let place = "\(Moment.grouped(position + 1))/\(Moment.grouped(replay.outline.count))"
    let moment = size.width >= 110 ? "\(date) \(clock) UTC" : size.width >= 70 ? "\(clock) UTC" : "\(clock)"
    let sign: (shape: Unicode.Scalar, role: Role) =
      if replay.isPlaying { (look.shapes.playing, .good) } else if isFollowingFile(replay) {
        (look.shapes.live, .good)
      } else { (look.shapes.paused, .warning) }
    let pace = isFollowingFile(replay) ? " follows" : replay.speed == 1 ? "" : " \(replay.speed)x"
    return [
      Span("\(sign.shape) ", look[sign.role]), Span(size.width >= 60 ? "replay " : "", look[sign.role]),
      Span(moment, look[.value]), Span(size.width >= 34 ? "  \(place)" : "", look[.text]), Span(pace, look[sign.role]),
    ]
  }

  private func isFollowingFile(_ replay: Replay) -> Bool { replay.isFollowing && replay.isGrowing(at: now) }

  /// Why nothing is concluded from a record that is compared with none.
  func reasonNotToJudge(_ replay: Replay) -> String {
    guard let position = replay.position, position > 0 else {
      return "the first record: there is none to compare it with"
    }
    return replay.outline.gap(before: position)?.sentence ?? "there is no record to compare this one with"
  }
}

extension Moment {
  /// A number with its thousands apart: `86,400`.
  static func grouped(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.indices.reduce(into: "") { text, index in
      if index > 0, (digits.count - index) % 3 == 0 { text += "," }
      text.append(digits[index])
    }
  }

  /// An end of the time line: `09:00:00`, or `11-22 09:00` where a time of day does not say enough.
  static func label(wallTime: UInt64, withDate: Bool) -> String {
    let time = Format.time(wallTime)
    return String(
      withDate ? time.dropFirst(5).prefix(11).map { $0 == "T" ? " " : $0 } : Array(time.dropFirst(11).prefix(8)))
  }
}
