// The numbers before the shown record. Whoever goes to another time sees its record at once; what charts show is read
// after that, a few records at a time, so that no key waits for it. Until all is read, the charts show nothing that is
// not of this time.

import CtxtopModel
import CtxtopSnapshot

/// Records that are being read for the charts.
struct PastRecords: Sendable {
  /// The numbers so far.
  var history = History()
  /// Where they begin.
  let first: Int
  /// The record that is wanted next.
  private(set) var next: Int

  /// From a record on; what was before it since `first` is in `history`.
  init(from next: Int, after history: History = History(), since first: Int? = nil) {
    self.first = first ?? next
    self.next = next
    self.history = history
  }

  /// Goes on without that record.
  mutating func skip() { next += 1 }

  mutating func append(_ model: Model, _ outline: Outline) {
    history.append(model, of: next, in: outline)
    next += 1
  }
}

extension State {
  /// The records that the charts want, in this order; nil: they have all.
  package var wantedPast: ClosedRange<Int>? {
    guard let replay, let position = replay.position, let past = replay.past, past.next <= position else { return nil }
    return past.next...position
  }

  /// Takes in a record that the charts wanted.
  mutating func takePast(_ index: Int, _ snapshot: Snapshot?, earlier: Snapshot?) {
    guard let replay, replay.past?.next == index else { return }
    defer { usePast() }
    guard let snapshot else {
      self.replay?.past?.skip()
      return
    }
    let model = Model(now: snapshot, earlier: earlier)
    self.replay?.past?.append(model, replay.outline)
    // A row whose detail is open has a past as well.
    if case .detail(let identity) = opened { self.replay?.past?.history.track(identity, in: model) }
  }

  /// Shows the past once all of it has been read.
  private mutating func usePast() {
    guard let past = replay?.past, let position = replay?.position, past.next > position else { return }
    history = past.history
    replay?.historyEnd = position
    replay?.past = nil
  }

  /// Adds the shown record to the charts, or begins to read what lies before it.
  mutating func remember(_ model: Model, of index: Int) {
    guard let replay else { return }
    defer { self.replay?.historyEnd = index }
    if replay.historyEnd == index { return }
    if replay.historyEnd == index - 1 { return history.append(model, of: index, in: replay.outline) }
    let first = max(0, index + 1 - Series.capacity)
    if let past = replay.past, past.first <= first, (first...index).contains(past.next) {
      // What is read already is still of use.
    } else if replay.past == nil, let end = replay.historyEnd, (first...index).contains(end + 1) {
      self.replay?.past = PastRecords(from: end + 1, after: history, since: first)
    } else {
      self.replay?.past = first < index ? PastRecords(from: first) : nil
    }
    history = History()
    history.append(model, of: index, in: replay.outline)
  }

  /// A row was opened of which nothing is remembered: the recording knows how it was.
  mutating func readPastOfRow() {
    guard let replay, let position = replay.position, replay.past == nil else { return }
    let first = max(0, position + 1 - Series.capacity)
    if first < position { self.replay?.past = PastRecords(from: first) }
  }

  /// Milliseconds between snapshots, as they came.
  var pace: Int {
    replay.map { Int(clamping: $0.outline.pace / 1_000_000) } ?? interval
  }
}

extension History {
  /// Adds a record; where a gap lies before it, or another service, nothing is made up.
  fileprivate mutating func append(_ model: Model, of index: Int, in outline: Outline) {
    let missed = outline.gap(before: index).map { Int(clamping: $0.length / outline.pace) } ?? 0
    append(model, at: outline.times[index], missed: max(outline.gap(before: index) == nil ? 0 : 1, missed))
  }
}
