// A recording, moment by moment: for commands that look at one, and for the dashboard that plays all of them.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A recording.
final class RecordedMoments: Archive {
  /// Reading one record after the other, each is wanted twice: as itself and as what the next is compared with.
  private static let cacheLimit = 4

  let path: String
  let reader: RecordingReader
  private var cache: [(index: Int, snapshot: Snapshot)] = []

  init(_ path: String) throws {
    self.path = path
    do throws(RecordingError) { reader = try RecordingReader(path: path) } catch { throw Failure(error) }
  }

  /// Says what of it cannot be read.
  func notingDamage() -> Self {
    for line in reader.damage { Failure.note("ctxtop: reading \(path): \(line); showing the rest") }
    return self
  }

  var count: Int { reader.entries.count }

  func wallTime(at index: Int) throws -> UInt64 { reader.entries[index].wallTime }

  func model(at index: Int) throws -> Model {
    do throws(RecordingError) {
      return Model(now: try snapshot(at: index), earlier: earlier(than: index))
    } catch {
      throw Failure(error)
    }
  }

  /// The record of a moment.
  func snapshot(at index: Int) throws(RecordingError) -> Snapshot {
    if let known = cache.last(where: { $0.index == index }) { return known.snapshot }
    let snapshot = try reader.snapshot(at: index)
    cache = cache.suffix(Self.cacheLimit - 1) + [(index, snapshot)]
    return snapshot
  }

  /// What a record is compared with: the one before, where there is one that it can be compared with.
  func earlier(than index: Int) -> Snapshot? {
    guard let place = reader.predecessor(of: index), let earlier = try? snapshot(at: place) else { return nil }
    return earlier.service == (try? snapshot(at: index))?.service ? earlier : nil
  }

  /// Takes in what was appended to the file; whether there is more than before. What cannot be read now may be so later.
  func refresh() -> Bool {
    let before = count
    try? reader.refresh()
    if count < before { cache = [] }
    return count > before
  }

  /// By what stands in the index of each record.
  func passing(between first: Int, and last: Int) -> Passing? {
    guard first < last else { return nil }
    let ends = [reader.entries[first].summary, reader.entries[last].summary]
    let known = (
      contexts: ends.map(\.leakedContexts).max() ?? 0, connections: ends.map(\.leakedConnections).max() ?? 0
    )
    var most: (excess: UInt64, index: Int) = (0, first)
    for index in first..<last {
      let summary = reader.entries[index].summary
      let excess =
        UInt64(max(summary.leakedContexts, known.contexts) - known.contexts)
        + UInt64(max(summary.leakedConnections, known.connections) - known.connections)
      if excess > most.excess { most = (excess, index) }
    }
    guard most.excess > 0 else { return nil }
    let entry = reader.entries[most.index]
    return Passing(
      contexts: max(entry.summary.leakedContexts, known.contexts) - known.contexts,
      connections: max(entry.summary.leakedConnections, known.connections) - known.connections,
      wallTime: entry.wallTime)
  }

  func absence(at wallTime: UInt64, after index: Int) -> String? {
    guard wallTime > reader.entries[index].wallTime, let gap = reader.gaps.first(where: { $0.before == index + 1 }),
      wallTime < gap.until
    else { return nil }
    return "nothing was recorded then (\(gap.reason))"
  }
}
