// The shop: what it answers.

import CtxtopDemoOptions

/// The shop of one worker.
final class Shop: Sendable {
  init(_ options: DemoOptions, number: Int, _ database: Database, _ truth: Truth) throws {}

  /// Serves a request on the calling thread.
  func serve(_ request: Incoming, _ answer: Answer) { answer.send(200, "the session of \(request.user)") }

  func close() {}
}
