// One JSON document, for the dashboard: a recording of one moment, which nothing is appended to. What is shown was
// concluded when it was written.

import CtxtopDashboard
import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopStore

/// A moment that a file holds.
final class DocumentFeed: Feed {
  private let document: SnapshotDocument

  /// The moment of a file that is meant.
  init(path: String, at time: TimeReference?) throws {
    let moments = try DocumentMoments(path)
    document = try moments.document(at: moments.index(at: time))
  }

  /// What the dashboard is told first.
  var opening: [Message] {
    let summary = RecordSummary(document.model)
    let entry = Outline.Entry(
      wallTime: document.snapshot.wallTime, leakedContexts: summary.leakedContexts,
      leakedConnections: summary.leakedConnections, verdicts: summary.verdicts)
    return [.recording(Outline(entries: [entry])), shown]
  }

  private var shown: Message { .document(0, now: document.snapshot, judgement: document.judgement) }

  var sources: [any SnapshotSource] { [] }
  var pollRequests: [PollRequest] { [] }
  var hasEnded: Bool { false }

  func deadline(for state: State) -> UInt64? { nil }
  func advance(now: UInt64, for state: State) -> [Message] { [] }

  func perform(_ effect: Effect) -> [Message] {
    if case .showRecord = effect { [shown] } else { [] }
  }

  func close() -> String? { nil }
}
