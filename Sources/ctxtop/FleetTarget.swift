// One of several targets that are watched together: an app that runs, or one that is looked for.

import CtxtopDashboard
import CtxtopModel
import CtxtopStore

/// One target. One thread uses it.
final class FleetTarget {
  /// So often what is not there is looked for, in nanoseconds.
  private static let lookInterval: UInt64 = 1_000_000_000

  /// What it is called on the screen.
  let name: String
  /// What gives its snapshots; nil: there is no such app yet.
  private(set) var feed: LiveFeed?
  private(set) var endpoint: Endpoint?
  /// When it is looked for again; nil: it is there.
  private(set) var nextLook: UInt64?
  /// The recording that is being made of it; nil: none is.
  var saved: SavedRecords?

  init(name: String) { self.name = name }

  /// The app is there.
  func found(_ endpoint: Endpoint, _ source: any SnapshotSource, directory: String) {
    self.endpoint = endpoint
    feed = LiveFeed(endpoint, source: source, directory: directory)
    nextLook = nil
  }

  /// It is not there.
  func missed(now: UInt64) { nextLook = now &+ Self.lookInterval }
}

extension CtxtopDashboard.SourceState {
  /// Since when it is lost; nil: it is not.
  var lossBegan: UInt64? {
    switch self {
    case .reconnecting(let since), .needsAttention(let since): since
    case .connecting, .live, .segment: nil
    }
  }

  /// What it says of one of several targets.
  var ofFleet: FleetSource {
    switch self {
    case .connecting: .connecting
    case .live: .live
    case .segment: .segment
    case .reconnecting(let since): .reconnecting(since: since)
    case .needsAttention(let since): .needsAttention(since: since)
    }
  }
}
