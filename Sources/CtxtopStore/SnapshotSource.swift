// What the rest of the program knows of where snapshots come from. A source never blocks and never
// sleeps: it says what it waits for (descriptors, a deadline), and is advanced when that has come.
//
//   SocketSource     the exporter's socket           LiveSource      socket, else segment
//   SegmentSource    the segment file                ScriptedSource  what a test wrote down
//   RemoteSource     another host, through ssh

import CtxtopSnapshot

/// What a `poll` waits for.
package struct PollRequest: Equatable, Sendable {
  /// The descriptor.
  package let descriptor: Int32
  /// Whether it must become writable rather than readable.
  package let writes: Bool

  /// A wait until `descriptor` can be read, or written.
  package init(descriptor: Int32, writes: Bool = false) {
    self.descriptor = descriptor
    self.writes = writes
  }
}

/// Where snapshots come from. One thread uses it; it blocks nowhere.
package protocol SnapshotSource: AnyObject {
  /// How often a snapshot is wanted, in nanoseconds; may be changed at any time.
  var interval: UInt64 { get set }
  /// Whether the bytes of a record are wanted, too: each comes right before its snapshot.
  var givesRecords: Bool { get set }
  /// What to wait for besides the deadline.
  var pollRequests: [PollRequest] { get }
  /// When to call `advance` at the latest (monotonic); nil: not before a descriptor is ready.
  var deadline: UInt64? { get }
  /// Does what can be done now, and tells what came of it. Calling it too early or too often is harmless.
  func advance(now: UInt64) -> [SourceEvent]
}

extension SnapshotSource {
  /// What comes of a step, which may fail: then another follows at once, but not a third.
  func events(
    of step: (inout [SourceEvent]) throws(StoreError) -> Void, orElse lose: (StoreError, inout [SourceEvent]) -> Void
  ) -> [SourceEvent] {
    var events: [SourceEvent] = []
    for _ in 0..<2 {
      do {
        try step(&events)
        break
      } catch {
        lose(error, &events)
      }
    }
    return events
  }
}

/// What a source has to tell.
package enum SourceEvent: Equatable, Sendable {
  /// A record arrived, as it came over the wire; its snapshot follows. Only where records were asked for.
  case record([UInt8])
  /// A snapshot arrived.
  case snapshot(Snapshot)
  /// The state changed.
  case state(SourceState)
}

/// How a source is doing: shown on the screen, not an error.
package enum SourceState: Equatable, Sendable {
  /// Nothing was tried yet, or the first try is under way.
  case connecting
  /// Snapshots come from the live exporter.
  case live
  /// The connection was lost or refused at `since` (monotonic); it is being tried again.
  case reconnecting(since: UInt64, reason: StoreError)
  /// Lost at `since` (monotonic), and only somebody who answers ssh can bring it back; what ssh said.
  case needsAttention(since: UInt64, question: String)
  /// Snapshots come from the segment file; why the socket does not give them (nil: it was not asked).
  case segment(reason: StoreError?)
  /// There will be no further snapshots.
  case ended
}
