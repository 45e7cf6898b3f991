// What is known of a recording without reading a record of it: when they were, what was wrong in them, where some are
// missing. All that the time line and the keys that look for something need.
//
// What must hold: whatever a file says, times never run backwards here, indices lie within the records, and a question
// is answered without a look at every record.

import CtxtopModel

/// The outline of a recording.
package struct Outline: Sendable {
  /// One record.
  package struct Entry: Equatable, Sendable {
    /// When it was, in nanoseconds since 1970.
    package let wallTime: UInt64
    /// Contexts that are left behind in it.
    package let leakedContexts: UInt32
    /// Connections that nobody is left to return.
    package let leakedConnections: UInt32
    /// The verdicts in it: bit n for CTX00n.
    package let verdicts: UInt16

    /// A record.
    package init(wallTime: UInt64, leakedContexts: UInt32 = 0, leakedConnections: UInt32 = 0, verdicts: UInt16 = 0) {
      self.wallTime = wallTime
      self.leakedContexts = leakedContexts
      self.leakedConnections = leakedConnections
      self.verdicts = verdicts
    }
  }

  /// A time of which nothing is recorded.
  package struct Gap: Equatable, Sendable {
    /// The first record after it; the number of records where none came.
    package let before: Int
    /// When it began.
    package let since: UInt64
    /// When it ended.
    package let until: UInt64
    /// Why.
    package let reason: String

    /// A gap.
    package init(before: Int, since: UInt64, until: UInt64, reason: String) {
      self.before = before
      self.since = since
      self.until = until
      self.reason = reason
    }

    /// How long it was, in nanoseconds.
    var length: UInt64 { Moment.between(since, until) }
  }

  /// A record in which something is wrong that was not in the one before it.
  struct Finding: Equatable, Sendable {
    let index: Int
    let level: StateLevel
  }

  /// The records, in the order of the file.
  package let entries: [Entry]
  /// Gaps, by the record after them.
  let gaps: [Gap]
  /// What of the file cannot be read, one line each.
  package let damage: [String]
  /// When the records were; a clock that was set back stands still here until it has caught up.
  let times: [UInt64]
  /// The usual time between two records, in nanoseconds: the mean, without gaps.
  let pace: UInt64
  /// Where something began to be wrong.
  let findings: [Finding]
  /// Where it changes how wrong things are: from each of these records to the next of them it stays so.
  private let changes: [Finding]

  /// The outline of these records.
  package init(entries: [Entry], gaps: [Gap] = [], damage: [String] = []) {
    self.entries = entries
    self.gaps = gaps.filter { (0...entries.count).contains($0.before) }.sorted { $0.before < $1.before }
    self.damage = damage
    var (times, findings, changes): ([UInt64], [Finding], [Finding]) = ([], [], [])
    times.reserveCapacity(entries.count)
    let behindGaps = Set(self.gaps.map(\.before))
    var before = Entry(wallTime: 0)
    for (index, entry) in entries.enumerated() {
      times.append(max(times.last ?? 0, entry.wallTime))
      if let level = entry.levelOfNews(since: before) { findings.append(Finding(index: index, level: level)) }
      if changes.last?.level != entry.level { changes.append(Finding(index: index, level: entry.level)) }
      // The first record behind a gap has none to be compared with, so that what joins two is missing in it. It does not
      // begin anew in the one after it.
      before = behindGaps.contains(index) ? entry.joined(with: before) : entry
    }
    (self.times, self.findings, self.changes) = (times, findings, changes)
    pace = Self.pace(of: times, self.gaps)
  }

  /// How many records there are.
  package var count: Int { entries.count }
  /// When the first record was; 0 without any.
  package var first: UInt64 { times.first ?? 0 }
  /// When the last record was.
  package var last: UInt64 { times.last ?? 0 }

  private static func pace(of times: [UInt64], _ gaps: [Gap]) -> UInt64 {
    let places = Set(gaps.map(\.before)).filter { $0 > 0 && $0 < times.count }
    let missing = places.reduce(UInt64(0)) { $0 &+ Moment.between(times[$1 - 1], times[$1]) }
    let steps = times.count - 1 - places.count
    guard steps > 0, let first = times.first, let last = times.last else { return 1_000_000_000 }
    return max(1_000_000, Moment.between(missing, last - first) / UInt64(steps))
  }

  /// The last record that is not after a time; the first one where all are.
  package func index(at time: UInt64) -> Int { max(0, times.partitioned { $0 <= time } - 1) }

  /// The gap right before a record; nil: there is none.
  func gap(before index: Int) -> Gap? {
    let place = gaps.partitioned { $0.before < index }
    return place < gaps.count && gaps[place].before == index ? gaps[place] : nil
  }

  /// The first gap behind a record.
  func gap(behind index: Int) -> Gap? {
    let place = gaps.partitioned { $0.before <= index }
    return place < gaps.count ? gaps[place] : nil
  }

  /// The next record after one, or the last one before it, in which something begins.
  func finding(from index: Int, by step: Int) -> Finding? {
    let place = step > 0 ? findings.partitioned { $0.index <= index } : findings.partitioned { $0.index < index } - 1
    return findings.indices.contains(place) ? findings[place] : nil
  }

  /// The worst that begins in some records, and the first of these where it does.
  func finding(in range: Range<Int>) -> Finding? {
    let first = findings.partitioned { $0.index < range.lowerBound }
    let end = findings.partitioned { $0.index < range.upperBound }
    guard first < end else { return nil }
    return findings[first..<end].reduce(findings[first]) { $1.level > $0.level ? $1 : $0 }
  }

  /// How wrong things are in some records, at the worst.
  func level(in range: Range<Int>) -> StateLevel {
    let first = max(0, changes.partitioned { $0.index <= range.lowerBound } - 1)
    let end = changes.partitioned { $0.index < range.upperBound }
    guard first < end else { return .quiet }
    return changes[first..<end].reduce(.quiet) { max($0, $1.level) }
  }
}

extension Outline.Entry {
  /// The levels of the verdicts, by their bits.
  private static let levels: [(bit: UInt16, level: StateLevel)] = VerdictCatalogue.all.compactMap { code, entry in
    Int(code.rawValue.dropFirst(3)).map { (UInt16(truncatingIfNeeded: 1 << $0), entry.severity.level) }
  }

  private static func level(of verdicts: UInt16) -> StateLevel {
    levels.reduce(.good) { verdicts & $1.bit != 0 ? max($0, $1.level) : $0 }
  }

  /// What is wrong in either.
  fileprivate func joined(with other: Outline.Entry) -> Outline.Entry {
    Outline.Entry(
      wallTime: wallTime, leakedContexts: max(leakedContexts, other.leakedContexts),
      leakedConnections: max(leakedConnections, other.leakedConnections), verdicts: verdicts | other.verdicts)
  }

  /// How bad what is wrong in the record is. What is merely worth knowing stands for ever: it is no news.
  fileprivate var level: StateLevel {
    let verdict = verdicts == 0 ? .good : Self.level(of: verdicts)
    let held: StateLevel = leakedContexts > 0 ? .critical : leakedConnections > 0 ? .warning : .good
    return max(verdict == .notice ? .good : verdict, held)
  }

  /// How bad the worst is that was not so in the record before; nil: there is nothing.
  fileprivate func levelOfNews(since before: Outline.Entry) -> StateLevel? {
    let new = verdicts & ~before.verdicts
    var level: StateLevel = new == 0 ? .good : Self.level(of: new)
    if leakedContexts > before.leakedContexts { level = .critical }
    if leakedConnections > before.leakedConnections { level = max(level, .warning) }
    return level == .good ? nil : level
  }
}

extension Array {
  /// How many elements at its beginning are so; behind them none may be.
  func partitioned(_ isBefore: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = low + (high - low) / 2
      if isBefore(self[middle]) { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
