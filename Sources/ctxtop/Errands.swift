// What the dashboard asks the exporter for besides snapshots. Nothing waits here: the run loop waits for it along
// with everything else.

import CtxtopDashboard
import CtxtopStore

/// Requests that are under way.
final class Errands {
  private struct Errand {
    let request: TextRequest
    /// What the dashboard is told; nil: nothing.
    let conclude: (Result<String, StoreError>) -> Message?
  }

  /// The exporter looks at whom it has, and that takes a stopped one its time.
  private static let patience: UInt64 = 5_000_000_000
  /// No process has this id: what is said of it is whether one may ask at all.
  private static let nobody = 0

  private let endpoint: Endpoint
  private var open: [Errand] = []

  /// Requests to an endpoint's exporter.
  init(_ endpoint: Endpoint) { self.endpoint = endpoint }

  /// What to wait for besides the deadline.
  var pollRequests: [PollRequest] { open.flatMap(\.request.pollRequests) }
  /// When to call `advance` at the latest; nil: nothing is under way.
  var deadline: UInt64? { open.compactMap(\.request.deadline).min() }

  /// Does what can be done now; what came of it.
  func advance(now: UInt64) -> [Message] {
    var messages: [Message] = []
    open.removeAll { errand in
      guard let answer = errand.request.advance(now: now) else { return false }
      if let message = errand.conclude(answer) { messages.append(message) }
      return true
    }
    return messages
  }

  /// Finds out whether workers may be replaced.
  func askForControl(now: UInt64) {
    start("recycle \(Self.nobody)", now: now) { answer in
      guard case .success(let text) = answer, let refusal = Refused(text), !refusal.isAboutWorker else { return nil }
      return .refused("cannot recycle a worker: \(refusal.text)")
    }
  }

  /// Asks for the replacement of a worker.
  func recycle(_ pid: Int32, now: UInt64) {
    start("recycle \(pid)", now: now) { answer in
      switch answer {
      case .success(let text) where text.hasPrefix("ok: "):
        return .notice("worker \(pid): " + Failure.printable(String(text.dropFirst(4))))
      case .success(let text):
        let reason =
          Refused(text)?.text
          ?? "the app's agent says: \(Failure.printable(text)); use the ctxtop that belongs to it"
        return .refused("worker \(pid) is not replaced: \(reason)", pid: pid)
      case .failure(let error):
        let failure = Failure(error)
        return .refused(
          Failure.printable("worker \(pid) is not replaced: \(failure.tried): \(failure.happened)"), pid: pid)
      }
    }
  }

  private func start(
    _ request: String, now: UInt64, conclude: @escaping (Result<String, StoreError>) -> Message?
  ) {
    let request = TextRequest(endpoint, request, now: now, patience: Self.patience)
    open.append(Errand(request: request, conclude: conclude))
  }
}

/// An exporter's no: `refused: why; what to do`.
private struct Refused {
  /// Why, and what to do.
  let text: String

  /// The words of an answer; nil: it is no refusal.
  init?(_ answer: String) {
    guard answer.hasPrefix("refused: ") else { return nil }
    text = Failure.printable(String(answer.dropFirst("refused: ".count)))
  }

  /// Whether another worker might be replaced.
  var isAboutWorker: Bool { text.hasPrefix("no live worker ") }
}
