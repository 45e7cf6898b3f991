// A source that plays what a test wrote down, by the clock that the test passes to `advance`.

import CtxtopSnapshot

/// A source for tests: events, each at its time.
package final class ScriptedSource: SnapshotSource {
  /// Has no effect but to be remembered: the script has its own times.
  package var interval: UInt64
  /// Whether snapshots are preceded by their records.
  package var givesRecords = false
  private var script: ArraySlice<(time: UInt64, event: SourceEvent)>
  private var hasEnded = false

  /// Plays `script`, which is in order of time, and ends.
  package init(_ script: [(time: UInt64, event: SourceEvent)], interval: UInt64 = 1_000_000_000) {
    self.script = script[...]
    self.interval = interval
  }

  /// A script needs no descriptor.
  package var pollRequests: [PollRequest] { [] }
  /// The time of the next event; nil after the last.
  package var deadline: UInt64? { hasEnded ? nil : script.first?.time ?? 0 }

  /// All events whose time has come, and `.ended` after the last.
  package func advance(now: UInt64) -> [SourceEvent] {
    var events: [SourceEvent] = []
    while let next = script.first, next.time <= now {
      if givesRecords, case .snapshot(let snapshot) = next.event {
        events.append(.record(RecordEncoder.encode(snapshot)))
      }
      events.append(next.event)
      script.removeFirst()
    }
    if script.isEmpty && !hasEnded {
      hasEnded = true
      events.append(.state(.ended))
    }
    return events
  }
}
