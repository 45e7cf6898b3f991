// Snapshots from another host. With ctxtop there a relay gives them, and reads the segment where nobody answers;
// without it they come from the exporter through a forwarded socket.
//
//   RemoteHost      the connection, and when it is tried again      RelaySession     ctxtop on the far side
//   SSHMaster, SSHClient, ChildProcess                              ForwardedSocket  none there

import CtxtopSnapshot

/// An app on another host as a source.
package final class RemoteSource: SnapshotSource {
  private enum Way {
    case waiting(until: UInt64)
    case relay(RelaySession)
    case forwarding(ForwardedSocket)
    case forwarded(SocketSource, Forward)
  }

  /// How often a snapshot is wanted.
  package var interval: UInt64 {
    didSet {
      guard interval != oldValue else { return }
      if case .relay(let session) = way { session.ask(request) }
      if case .forwarded(let source, _) = way { source.interval = interval }
    }
  }
  /// Whether each snapshot is preceded by its record.
  package var givesRecords = false
  private let endpoint: Endpoint
  private let target: RemoteTarget
  private let host: RemoteHost
  private var way = Way.waiting(until: 0)
  private var generation = -1
  private var backoff = Backoff()
  private var begun: UInt64 = 0
  private var hasRecord = false
  private var lostSince: UInt64?
  private var state = SourceState.connecting

  /// The app of a target, over the connection to its host.
  package init(_ endpoint: Endpoint, _ target: RemoteTarget, interval: UInt64) {
    self.endpoint = endpoint
    self.target = target
    self.interval = interval
    host = RemoteHosts.host(for: target.account)
  }

  private var request: String { "watch \(max(1, interval / 1_000_000))" }

  /// What connection and session wait for.
  package var pollRequests: [PollRequest] {
    switch way {
    case .waiting: host.pollRequests
    case .relay(let session): host.pollRequests + session.pollRequests
    case .forwarding(let socket): host.pollRequests + socket.pollRequests
    case .forwarded(let source, _): host.pollRequests + source.pollRequests
    }
  }

  /// The nearest of theirs.
  package var deadline: UInt64? {
    let own: UInt64? =
      switch way {
      case .waiting(let until): host.socket == nil ? nil : until
      case .relay(let session): session.deadline
      case .forwarding(let socket): socket.deadline
      case .forwarded(let source, _): source.deadline
      }
    return [host.deadline, own].compactMap { $0 }.min()
  }

  /// Advances the connection, and what goes over it.
  package func advance(now: UInt64) -> [SourceEvent] {
    host.advance(now: now)
    guard host.socket != nil else {
      var events: [SourceEvent] = []
      way = .waiting(until: 0)
      tellConnection(now: now, &events)
      return events
    }
    if generation != host.generation {
      generation = host.generation
      way = .waiting(until: 0)
    }
    return self.events { (events) throws(StoreError) in
      try step(now: now, &events)
    } orElse: { error, events in
      lose(error, now: now, &events)
    }
  }

  private func tellConnection(now: UInt64, _ events: inout [SourceEvent]) {
    switch host.condition {
    case .connecting, .up: break
    case .lost(let since, let reason): change(to: .reconnecting(since: lostAt(since), reason: reason), &events)
    case .needsAttention(let since, let question):
      change(to: .needsAttention(since: lostAt(since), question: question), &events)
    }
  }

  private func lostAt(_ time: UInt64) -> UInt64 {
    let since = lostSince ?? time
    lostSince = since
    return since
  }

  private func step(now: UInt64, _ events: inout [SourceEvent]) throws(StoreError) {
    if case .waiting(let until) = way {
      guard now >= until else { return }
      begun = now
      hasRecord = false
      if let forward = host.forwards[target.app.key] {
        way = watch(forward)
      } else if host.program == .absent {
        way = .forwarding(try ForwardedSocket(host, target.app, now: now))
      } else {
        way = .relay(try RelaySession(host, target.app, name: endpoint.name, request: request, now: now))
      }
    }
    if case .relay(let session) = way {
      try session.receive(now: now, keepingRecords: givesRecords) { take($0, now: now, &events) }
    }
    if case .forwarding(let socket) = way, let forward = try socket.advance(now: now) { way = watch(forward) }
    if case .forwarded(let source, let forward) = way {
      source.givesRecords = givesRecords
      for event in source.advance(now: now) { pass(event, from: forward, &events) }
    }
  }

  private func watch(_ forward: Forward) -> Way {
    let endpoint = endpoint.forwarded(through: forward.local)
    return .forwarded(SocketSource(endpoint, path: forward.local, interval: interval), forward)
  }

  // MARK: - From a relay

  private func take(_ item: RelayStream.Item, now: UInt64, _ events: inout [SourceEvent]) {
    switch item {
    case .greeting: host.program = .there
    case .snapshot(let snapshot, let record):
      hasRecord = true
      if let record { events.append(.record(record)) }
      events.append(.snapshot(snapshot))
    case .word(.live):
      lostSince = nil
      change(to: .live, &events)
    case .word(.segment(let failure)):
      lostSince = nil
      change(to: .segment(reason: failure.map { .far(host: host.account.name, $0) }), &events)
    case .word(.reconnecting(let failure)):
      let reason = StoreError.far(host: host.account.name, failure)
      change(to: .reconnecting(since: lostAt(now), reason: reason), &events)
    case .word: break
    }
  }

  // MARK: - From a forwarded socket

  private func pass(_ event: SourceEvent, from forward: Forward, _ events: inout [SourceEvent]) {
    switch event {
    case .state(.reconnecting(let since, let reason)):
      let reason = StoreError.withoutSegment(host: host.account.name, forward.explain(reason))
      change(to: .reconnecting(since: lostAt(since), reason: reason), &events)
    case .state(let state):
      if case .live = state { lostSince = nil }
      change(to: state, &events)
    case .record, .snapshot: events.append(event)
    }
  }

  private func lose(_ reason: StoreError, now: UInt64, _ events: inout [SourceEvent]) {
    if case .noFarProgram = reason, host.program == .unknown, !RemoteProgram.isGiven {
      host.program = .absent
      way = .waiting(until: 0)
      return
    }
    if hasRecord {
      backoff.connectionEnded(answered: true, age: now &- begun)
    } else {
      backoff.connectionFailed()
    }
    way = .waiting(until: now &+ backoff.delay)
    change(to: .reconnecting(since: lostAt(now), reason: reason), &events)
  }

  private func change(to new: SourceState, _ events: inout [SourceEvent]) {
    guard new != state else { return }
    state = new
    events.append(.state(new))
  }
}
