// A recording, for the dashboard: gives out the records that it asks for, and takes in what is appended to the file.
//
// What must hold: no key waits for the records that charts are made of. They are read in slices, after everything else.

import CtxtopDashboard
import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// One recording.
final class Player: Feed {
  /// So often a file is looked at for what was appended, in nanoseconds.
  private static let refreshInterval: UInt64 = 1_000_000_000
  /// So long records are read for charts in one turn of the run loop, in nanoseconds.
  private static let slice: UInt64 = 15_000_000

  private let moments: RecordedMoments
  private var nextRefresh: UInt64 = 0

  /// Opens a recording with at least one record.
  init(path: String) throws {
    moments = try RecordedMoments(path)
    guard moments.count > 0 else {
      throw Failure("reading \(path)", "there is no record in it", "wait until one has been recorded", .noInput)
    }
  }

  /// What the dashboard is told first.
  func opening(at time: TimeReference?) throws -> [Message] {
    let index = time == nil ? 0 : try moments.index(at: time)
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
      return [.record(index, now: try moments.snapshot(at: index), earlier: moments.earlier(than: index))]
    } catch {
      return [.unreadable(index, Failure(error).happened)]
    }
  }

  private func past(_ wanted: ClosedRange<Int>, until deadline: UInt64) -> [Message] {
    var messages: [Message] = []
    for index in wanted {
      messages.append(.pastRecord(index, now: try? moments.snapshot(at: index), earlier: moments.earlier(than: index)))
      if System.monotonicTime() >= deadline { break }
    }
    return messages
  }

  // MARK: - The file

  private func refresh() -> [Message] {
    moments.refresh() ? [.recordingGrew(outline(withDamage: false))] : []
  }

  private func outline(withDamage: Bool) -> Outline {
    Outline(
      entries: moments.reader.entries.map { entry in
        Outline.Entry(
          wallTime: entry.wallTime, leakedContexts: entry.summary.leakedContexts,
          leakedConnections: entry.summary.leakedConnections, verdicts: entry.summary.verdicts)
      },
      gaps: moments.reader.gaps.map { gap in
        Outline.Gap(before: gap.before, since: gap.since, until: gap.until, reason: gap.reason)
      }, damage: withDamage ? moments.reader.damage : [])
  }
}
