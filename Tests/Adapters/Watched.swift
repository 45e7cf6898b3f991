// A process that its own agent watches, for tests of what stands between CtxtopContexts and others' packages.

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit
import CtxtopSnapshot
import Testing

/// One process has one agent: these tests go one after the other.
@Suite("Adapters", .serialized)
enum AdapterTests {}

/// A place for an agent, and what it tells.
final class Watched: Sendable {
  private let path: String
  private nonisolated(unsafe) let place = TemporaryDirectory()

  init() {
    path = place.path
    setenv("CTXTOP_DIR", path, 1)
  }

  /// What the agent tells of this process now.
  func worker() throws -> Worker {
    let client = try #require(ServiceClient(path))
    client.send("snapshot\n")
    return try #require(try client.record().workers.first)
  }
}

struct Refused: Error {}
