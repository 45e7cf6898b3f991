// What a dashboard shows, and what it acts on. It never waits: the run loop waits for it along with everything else.
//
//   LiveFeed.swift   an app that runs         Player.swift   a recording
//   DocumentFeed.swift   one JSON document

import CtxtopDashboard
import CtxtopStore

/// Where a dashboard's messages come from besides the terminal. One thread uses it.
protocol Feed: AnyObject {
  /// Sources of snapshots to wait for.
  var sources: [any SnapshotSource] { get }
  /// What to wait for besides them.
  var pollRequests: [PollRequest] { get }
  /// Whether nothing will come any more.
  var hasEnded: Bool { get }
  /// When to call `advance` at the latest; nil: not before something is ready.
  func deadline(for state: State) -> UInt64?
  /// Does what can be done now; what came of it.
  func advance(now: UInt64, for state: State) -> [Message]
  /// Does what the dashboard asks for, as far as it concerns what is shown; what came of it at once.
  func perform(_ effect: Effect) -> [Message]
  /// Connects to another host where only somebody who answers ssh can; waits for that. What came of it: a `loss` for
  /// each that it failed for.
  func connect(asking person: RemoteHost.Operator?) -> [Message]
  /// Ends what is under way. Why that failed, as one line; nil: it did not.
  func close() -> String?
}

extension Feed {
  /// Most feeds are on no other host.
  func connect(asking person: RemoteHost.Operator?) -> [Message] { [] }
}
