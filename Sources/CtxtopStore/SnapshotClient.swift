// For those who want snapshots now and nothing else: `dump`, `ls`, scripts. Blocks, but never longer
// than it was told to.

import CtxtopSnapshot

/// What one source gave to a `SnapshotClient`.
package struct Passes: Equatable, Sendable {
  /// The passes over the workers, oldest first; at least one.
  package var snapshots: [Snapshot]
  /// The record of the last one, where the source gives records.
  package var record: [UInt8]?
  /// Where the last one came from.
  package var state: SourceState

  /// The given passes.
  package init(snapshots: [Snapshot], state: SourceState) {
    self.snapshots = snapshots
    self.state = state
  }
}

/// Takes a few snapshots from sources, and waits for sources in general.
package enum SnapshotClient {
  /// Two passes must be this far apart for a verdict that joins two records to count as confirmed.
  package static let leastGap: UInt64 = 50_000_000
  /// How far apart passes are taken when nobody says otherwise: enough for the kernel's CPU clock to tick.
  package static let usualGap: UInt64 = 200_000_000
  /// How long nobody may listen while leadership changes hands.
  static let takeover: UInt64 = 700_000_000
  /// How long a source on another host may take: a login there takes its time.
  package static let farPatience: UInt64 = 15_000_000_000
  /// How long a source may take before it counts as not answering.
  package static let patience: UInt64 = 2_000_000_000

  /// Waits until a source has something to do, one of `others` is ready, or the deadline has come; tells which
  /// of `others` are ready. A signal ends the wait as well.
  package static func wait(
    for sources: [any SnapshotSource], and others: [PollRequest] = [], until deadline: UInt64? = nil
  ) throws(SystemError) -> [Int] {
    let end = (sources.map(\.deadline) + [deadline]).compactMap { $0 }.min()
    let now = System.monotonicTime()
    let requests = others + sources.flatMap(\.pollRequests)
    let timeout = end.map { $0 > now ? $0 - now : 0 }
    return try System.poll(requests, timeout: timeout).filter { $0 < others.count }
  }

  /// Two passes for a one-shot answer; one where the second does not come in time.
  package static func twoPasses(of endpoint: Endpoint) throws(StoreError) -> Passes {
    let source = LiveSource.open(endpoint, interval: usualGap)
    let answers = passes(2, from: [(endpoint.name, source)], within: endpoint.patience)
    return try answers[0].get()
  }

  /// Up to `count` passes from each of several sources, all at the same time.
  package static func passes(
    _ count: Int, from sources: [(name: String, source: any SnapshotSource)], within patience: UInt64
  ) -> [Result<Passes, StoreError>] {
    var collectors = sources.map { Collector(name: $0.name, source: $0.source, wanted: count) }
    let deadline = System.monotonicTime() &+ patience
    while true {
      let now = System.monotonicTime()
      for index in collectors.indices { collectors[index].advance(now: now) }
      let open = collectors.filter { !$0.isDone }
      if open.isEmpty || now >= deadline { break }
      do {
        _ = try wait(for: open.map(\.source), until: deadline)
      } catch {
        return collectors.map { $0.result ?? .failure(.system(error, path: $0.name)) }
      }
    }
    return collectors.map { $0.result ?? .failure(.silent($0.name)) }
  }
}

/// What one source has given so far.
private struct Collector {
  let name: String
  let source: any SnapshotSource
  let wanted: Int
  private var snapshots: [Snapshot] = []
  private var record: [UInt8]?
  private var state = SourceState.connecting

  init(name: String, source: any SnapshotSource, wanted: Int) {
    self.name = name
    self.source = source
    self.wanted = wanted
  }

  /// Whether waiting longer would be of no use.
  private(set) var isDone = false

  /// What came of it; nil: nothing came, and nothing was said.
  var result: Result<Passes, StoreError>? {
    if !snapshots.isEmpty {
      var passes = Passes(snapshots: snapshots, state: state)
      passes.record = record
      return .success(passes)
    }
    switch state {
    case .reconnecting(_, let reason): return .failure(reason)
    case .needsAttention(_, let question): return .failure(.ssh(host: name, .needsAnswer(said: question)))
    case .connecting, .live, .segment, .ended: return nil
    }
  }

  mutating func advance(now: UInt64) {
    guard !isDone else { return }
    for event in source.advance(now: now) where snapshots.count < wanted {
      switch event {
      case .state(let new): state = new
      case .record(let bytes): record = bytes
      case .snapshot(let snapshot): take(snapshot)
      }
    }
    isDone = snapshots.count >= wanted || isHopeless(now: now)
  }

  private func isHopeless(now: UInt64) -> Bool {
    switch state {
    case .ended, .needsAttention: return true
    case .reconnecting(let since, let reason):
      // A socket that nobody listens at comes back within a takeover, or not soon.
      let isDead = reason.isAbsence && now >= since &+ SnapshotClient.takeover
      return (reason.isLasting || isDead) && source.isAtItsEnd(reason)
    case .connecting, .live, .segment: return false
    }
  }

  private mutating func take(_ snapshot: Snapshot) {
    if let last = snapshots.last {
      // The clock of another server instance, or of a machine that restarted, begins anew.
      let isLater = snapshot.monotonicTime >= last.monotonicTime
      if isLater && snapshot.monotonicTime - last.monotonicTime < SnapshotClient.leastGap { return }
      if !isLater { snapshots.removeAll() }
    }
    snapshots.append(snapshot)
  }
}

extension SnapshotSource {
  /// Whether there is no other way left to try after `reason`.
  fileprivate func isAtItsEnd(_ reason: StoreError) -> Bool {
    guard let live = self as? LiveSource, live.hasFallback else { return true }
    if case .neither = reason { return true }
    return false
  }
}
