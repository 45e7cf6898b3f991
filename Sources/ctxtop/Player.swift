// A recording, for the dashboard: gives out the records that it asks for, and takes in what is appended to the file.
//
// What must hold: no key waits for the records that charts are made of. They are read in slices, after everything else.

import CtxtopDashboard
import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// One recording.
final class Player: Feed, Archive {
  /// So often a file is looked at for what was appended, in nanoseconds.
  private static let refreshInterval: UInt64 = 1_000_000_000
  /// So long records are read for charts in one turn of the run loop, in nanoseconds.
  private static let slice: UInt64 = 15_000_000
  /// Reading one record after the other, each is wanted twice: as itself and as what the next is compared with.
  private static let cacheLimit = 4

  private let reader: RecordingReader
  let path: String
  private var cache: [(index: Int, snapshot: Snapshot)] = []
  private var nextRefresh: UInt64 = 0

  /// Opens a recording with at least one record.
  init(path: String) throws {
    self.path = path
    do throws(RecordingError) { reader = try RecordingReader(path: path) } catch { throw Failure(error) }
    guard !reader.entries.isEmpty else {
      throw Failure("reading \(path)", "there is no record in it", "wait until one has been recorded", .noInput)
    }
  }

  /// What the dashboard is told first.
  func opening(at time: TimeReference?) throws -> [Message] {
    let index = time == nil ? 0 : try index(at: time)
    nextRefresh = System.monotonicTime() &+ Self.refreshInterval
    return [.recording(outline(withDamage: true))] + show(index)
  }

  var sources: [any SnapshotSource] { [] }

  var pollRequests: [PollRequest] { [] }

  var hasEnded: Bool { false }

  func deadline(for state: State) -> UInt64? {
    let next = state.wantedPast == nil ? nextRefresh : 0
    return min(next, state.nextRecordTime ?? .max)
  }

  func advance(now: UInt64, for state: State) -> [Message] {
    var messages: [Message] = []
    if let wanted = state.wantedPast { messages = past(wanted, until: now &+ Self.slice) }
    if now >= nextRefresh {
      nextRefresh = now &+ Self.refreshInterval
      messages += refresh()
    }
    return messages
  }

  func perform(_ effect: Effect) -> [Message] {
    guard case .showRecord(let index) = effect else { return [] }
    return show(index)
  }

  func close() -> String? { nil }

  // MARK: - Records

  private func show(_ index: Int) -> [Message] {
    do throws(RecordingError) {
      return [.record(index, now: try snapshot(at: index), earlier: earlier(than: index))]
    } catch {
      return [.unreadable(index, Failure(error).happened)]
    }
  }

  private func past(_ wanted: ClosedRange<Int>, until deadline: UInt64) -> [Message] {
    var messages: [Message] = []
    for index in wanted {
      messages.append(.pastRecord(index, now: try? snapshot(at: index), earlier: earlier(than: index)))
      if System.monotonicTime() >= deadline { break }
    }
    return messages
  }

  /// What a record is compared with, as `dump` does it.
  private func earlier(than index: Int) -> Snapshot? {
    guard let place = reader.predecessor(of: index), let earlier = try? snapshot(at: place) else { return nil }
    return earlier.service == (try? snapshot(at: index))?.service ? earlier : nil
  }

  private func snapshot(at index: Int) throws(RecordingError) -> Snapshot {
    if let known = cache.last(where: { $0.index == index }) { return known.snapshot }
    let snapshot = try reader.snapshot(at: index)
    cache = cache.suffix(Self.cacheLimit - 1) + [(index, snapshot)]
    return snapshot
  }

  // MARK: - Its moments

  var count: Int { reader.entries.count }

  func wallTime(at index: Int) throws -> UInt64 { reader.entries[index].wallTime }

  func model(at index: Int) throws -> Model {
    do throws(RecordingError) {
      return Model(now: try snapshot(at: index), earlier: earlier(than: index))
    } catch {
      throw Failure(error)
    }
  }

  func absence(at wallTime: UInt64, after index: Int) -> String? {
    guard wallTime > reader.entries[index].wallTime, let gap = reader.gaps.first(where: { $0.before == index + 1 }),
      wallTime < gap.until
    else { return nil }
    return "nothing was recorded then (\(gap.reason))"
  }

  // MARK: - The file

  private func refresh() -> [Message] {
    let before = reader.entries.count
    // What cannot be read now may be so in a second.
    try? reader.refresh()
    if reader.entries.count < before { cache = [] }
    return reader.entries.count > before ? [.recordingGrew(outline(withDamage: false))] : []
  }

  private func outline(withDamage: Bool) -> Outline {
    Outline(
      entries: reader.entries.map { entry in
        Outline.Entry(
          wallTime: entry.wallTime, leakedContexts: entry.summary.leakedContexts,
          leakedConnections: entry.summary.leakedConnections, verdicts: entry.summary.verdicts)
      },
      gaps: reader.gaps.map { gap in
        Outline.Gap(before: gap.before, since: gap.since, until: gap.until, reason: gap.reason)
      }, damage: withDamage ? reader.damage : [])
  }
}
