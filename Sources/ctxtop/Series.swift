// Judged snapshots, one after the other, for everything that prints instead of drawing.

import CtxtopModel
import CtxtopSnapshot
import CtxtopStore

/// A number of models from one endpoint.
struct Series {
  /// Where the snapshots come from.
  let endpoint: Endpoint
  /// How many models; nil: until somebody ends it.
  let count: Int?
  /// How far apart they are, in nanoseconds.
  let interval: UInt64

  /// How long a service may be away, beyond the interval, before a series ends with a failure.
  private static let patience: UInt64 = 10_000_000_000

  /// Takes the models and passes each to `emit`. The first comes as soon as there are two passes to compare.
  func run(_ emit: (Model) throws -> Void) throws {
    let first = try firstPasses()
    var last = first.snapshots[first.snapshots.count - 1]
    try emit(Model(now: last, earlier: first.snapshots.count > 1 ? first.snapshots[0] : nil))
    guard count != 1 else { return }
    let source = LiveSource.open(endpoint, interval: interval)
    var done = 1
    while done < count ?? .max {
      let next = try following(last, from: source)
      try emit(Model(now: next, earlier: last.monotonicTime < next.monotonicTime ? last : nil))
      last = next
      done += 1
    }
  }

  private func firstPasses() throws -> Passes {
    let passes: Passes
    do { passes = try SnapshotClient.twoPasses(of: endpoint) } catch { throw Failure(error) }
    if case .segment(let reason?) = passes.state { Failure.note(Failure(reason).fallbackLine(endpoint)) }
    return passes
  }

  /// The first snapshot that is an interval later than the last one.
  private func following(_ last: Snapshot, from source: any SnapshotSource) throws -> Snapshot {
    let deadline = System.monotonicTime() &+ interval &+ Self.patience
    // Clocks and timers are not exact to the nanosecond: a little less than the interval will do.
    let due = last.monotonicTime &+ interval / 10 * 9
    var reason = StoreError.silent(endpoint.socketPath ?? endpoint.name)
    while true {
      let now = System.monotonicTime()
      for event in source.advance(now: now) {
        switch event {
        case .state(.reconnecting(_, let why)): reason = why
        case .state, .record: break
        case .snapshot(let snapshot):
          // The clock of a host that was restarted begins anew.
          if snapshot.monotonicTime >= due || snapshot.monotonicTime < last.monotonicTime { return snapshot }
        }
      }
      if now >= deadline { throw Failure(reason) }
      do {
        _ = try SnapshotClient.wait(for: [source], until: deadline)
      } catch {
        throw Failure(error, endpoint.name)
      }
    }
  }
}
