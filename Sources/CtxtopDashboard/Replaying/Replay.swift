// A recording instead of a live service: which record is shown, and whether it is left behind by itself. The clock of
// a recording is that of its records: while it stands still, nothing on the screen grows older.
//
//   Outline.swift     what is known without reading records      Seeking.swift    to another record
//   Playing.swift     one record after the other, at a speed     PastRecords.swift  the numbers before the record
//   TimeLine.swift    the row that shows where one is            ReplayTitle.swift  the same in words
//   SavedRecords.swift  the other way: a recording that is made while one watches

import CtxtopModel
import CtxtopSnapshot

/// What the dashboard knows of the recording that it shows.
package struct Replay: Sendable {
  /// Records, gaps, and what is wrong when.
  package internal(set) var outline: Outline
  /// The record that is shown; nil: none is yet.
  package internal(set) var position: Int?
  /// The time that passes in the recording; nil: it stands still.
  var clock: PlayClock?
  /// How many times faster than it was.
  package internal(set) var speed = 1
  /// When a record was shown last while time passes, by the operator's clock.
  var shown: UInt64 = 0
  /// Whether the last record is shown, whichever that is.
  var isFollowing = false
  /// When records were last appended to the file, by the operator's clock; nil: never since it was opened.
  var growth: UInt64?
  /// In which direction to go on from a record that cannot be read.
  var direction = 1
  /// How many in a row could not be read.
  var misses = 0
  /// Where the history ends; nil: there is none.
  var historyEnd: Int?
  /// The records before the shown one, while they are read for the history; nil: they have been.
  var past: PastRecords?

  init(_ outline: Outline) { self.outline = outline }

  /// The greatest index; nil: there is no record.
  var last: Int? { outline.count > 0 ? outline.count - 1 : nil }
  /// When the shown record was.
  var time: UInt64 { position.map { outline.times[$0] } ?? 0 }
  /// Whether time passes.
  package var isPlaying: Bool { clock != nil }

  /// Whether the recording is still being made.
  func isGrowing(at now: UInt64) -> Bool {
    guard let growth else { return false }
    let patience = max(5_000_000_000, min(outline.pace, 600_000_000_000) * 3)
    return Moment.between(growth, now) < patience
  }
}

extension State {
  /// A recording is shown from now on.
  mutating func open(_ outline: Outline) {
    replay = Replay(outline)
    source = .live
    received = nil
    history = History()
    if let damage = outline.damage.first { tell(Format.cleaned(damage)) }
  }

  /// Records were appended to the file.
  mutating func grow(to outline: Outline) -> [Effect] {
    guard let before = replay?.outline.count, outline.count >= before else { return [] }
    replay?.outline = outline
    guard outline.count > before else { return [] }
    replay?.growth = now
    return replay?.isFollowing == true ? ask(forRecord: outline.count - 1) : []
  }

  /// Shows a record that was asked for. `earlier` is what it is compared with; nil: with none.
  mutating func show(record index: Int, _ snapshot: Snapshot, earlier: Snapshot?) {
    show(record: index, Model(now: snapshot, earlier: earlier))
  }

  /// Shows a document: what was concluded then is told, and not judged again.
  mutating func show(document index: Int, _ snapshot: Snapshot, _ judgement: Judgement?) {
    show(record: index, judgement.map { Model(now: snapshot, judgement: $0) } ?? Model(now: snapshot))
  }

  private mutating func show(record index: Int, _ model: Model) {
    guard let replay, replay.outline.entries.indices.contains(index) else { return }
    let before = replay.position
    self.replay?.position = index
    self.replay?.misses = 0
    latest = (model.now, model.earlier)
    remember(model, of: index)
    show(model, isLater: before.map { $0 < index } ?? true)
    adjustClock(from: before)
    if let gap = replay.outline.gap(before: index), index != before { say(gap.sentence) }
  }

  /// A record cannot be read: the next one in the same direction takes its place.
  mutating func skip(record index: Int, because reason: String) -> [Effect] {
    guard let replay, let last = replay.last else { return [] }
    say("record \(index + 1) cannot be read: \(Format.cleaned(reason))")
    let next = index + replay.direction
    self.replay?.misses += 1
    // A file of which nothing can be read any more is not tried to its end.
    guard replay.misses < 16, (0...last).contains(next), next != replay.position else {
      self.replay?.clock = nil
      return []
    }
    return [.showRecord(next)]
  }
}

extension Outline.Gap {
  /// `nothing was recorded for 3m12s: the server was restarted`.
  var sentence: String {
    let reason = Format.cleaned(reason)
    return "nothing was recorded for \(Format.age(length))" + (reason.isEmpty ? "" : ": \(reason)")
  }
}
