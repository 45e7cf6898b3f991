// Snapshots from a live exporter: connects, asks for `watch`, and connects again whenever that ends.
// A lost connection is a state, never an error: a new leader closes the connections of the old one.

/// The exporter's socket as a source.
package final class SocketSource: SnapshotSource {
  /// No first byte for this long is no answer.
  static let patience: UInt64 = 500_000_000
  /// A record must be complete this long after its first byte, however slowly it drips.
  private static let recordPatience: UInt64 = 2_000_000_000
  /// Records are taken no more than four times as often as they were asked for, or twenty times a second: who sends more
  /// shall not keep this program busy.
  private static let longestRest: UInt64 = 50_000_000

  private enum Phase {
    case waiting(until: UInt64)
    case connected(SocketConnection, deadline: UInt64)
  }

  /// How often a snapshot is wanted; a change asks again on a new connection.
  package var interval: UInt64 {
    didSet { if interval != oldValue { phase = .waiting(until: 0) } }
  }
  /// Whether each snapshot is preceded by its record.
  package var givesRecords = false
  private let endpoint: Endpoint
  private let path: String
  private var phase = Phase.waiting(until: 0)
  private var backoff = Backoff()
  private var hasRecord = false
  private var silences = 0
  private var lostSince: UInt64?
  /// When the next record may be taken; 0: at any time. Only a record that comes too early is followed by a rest: its end
  /// wakes the program, and those who keep to what was asked for shall not pay for it.
  private var restUntil: UInt64 = 0
  private var lastArrival: UInt64 = 0
  private var state = SourceState.connecting

  /// The socket at `path`, trusted as `endpoint` says.
  package init(_ endpoint: Endpoint, path: String, interval: UInt64) {
    self.endpoint = endpoint
    self.path = path
    self.interval = interval
  }

  /// The connection, while there is one.
  package var pollRequests: [PollRequest] {
    guard case .connected(let connection, _) = phase, restUntil == 0 else { return [] }
    return [PollRequest(descriptor: connection.descriptor, writes: connection.isSending)]
  }

  /// The next try, or the end of patience.
  package var deadline: UInt64? {
    switch phase {
    case .waiting(let until): return until
    case .connected(_, let deadline): return restUntil > 0 ? restUntil : deadline
    }
  }

  /// When somebody who has another way should take it (monotonic); nil while the socket answers.
  var giveUpTime: UInt64? {
    guard let lostSince, case .reconnecting(_, let reason) = state else { return nil }
    return silences >= 2 || reason.isLasting ? lostSince : lostSince &+ Self.patience
  }

  /// Connects when it is time to, and takes what has arrived.
  package func advance(now: UInt64) -> [SourceEvent] {
    events { (events) throws(StoreError) in
      try step(now: now, &events)
    } orElse: { error, events in
      lose(error, now: now, &events)
    }
  }

  /// Closes the connection, and does not open another before it is advanced again.
  package func hangUp() { phase = .waiting(until: 0) }

  private func step(now: UInt64, _ events: inout [SourceEvent]) throws(StoreError) {
    if case .waiting(let until) = phase {
      guard now >= until else { return }
      let request = "watch \(max(1, interval / 1_000_000))\n"
      let connection = try SocketConnection(endpoint, path: path, request: request, now: now)
      hasRecord = false
      (restUntil, lastArrival) = (0, 0)
      phase = .connected(connection, deadline: now &+ Self.patience)
    }
    guard case .connected(let connection, let deadline) = phase, now >= restUntil else { return }
    restUntil = 0
    let wasInside = connection.isInsideRecord
    var arrived = 0
    try connection.receive(keepingRecords: givesRecords) { snapshot, record in
      arrived += 1
      change(to: .live, &events)
      if let record { events.append(.record(record)) }
      events.append(.snapshot(snapshot))
    }
    if arrived > 0 {
      succeed()
      let rest = min(interval / 4, Self.longestRest)
      // What has arrived already wakes nobody.
      if connection.isInsideRecord || now &- lastArrival < rest { restUntil = now &+ rest }
      lastArrival = now
    }
    if connection.isInsideRecord && (arrived > 0 || !wasInside) {
      phase = .connected(connection, deadline: now &+ Self.recordPatience)
    } else if arrived > 0 {
      phase = .connected(connection, deadline: now &+ interval &+ Self.patience)
    } else if now >= deadline {
      throw connection.timedOut()
    }
  }

  private func succeed() {
    hasRecord = true
    silences = 0
    lostSince = nil
  }

  private func lose(_ reason: StoreError, now: UInt64, _ events: inout [SourceEvent]) {
    if case .connected(let connection, _) = phase {
      backoff.connectionEnded(answered: hasRecord, age: now &- connection.opened)
    } else {
      backoff.connectionFailed(isBusy: reason.isBusy)
    }
    hasRecord = false
    if case .silent = reason { silences += 1 }
    phase = .waiting(until: now &+ backoff.delay)
    let since = lostSince ?? now
    lostSince = since
    change(to: .reconnecting(since: since, reason: reason), &events)
  }

  private func change(to new: SourceState, _ events: inout [SourceEvent]) {
    guard new != state else { return }
    state = new
    events.append(.state(new))
  }
}

/// How long to wait before the next try: a takeover is over in milliseconds, a dead server stays dead.
struct Backoff {
  private static let steps: [UInt64] = [0, 20, 50, 100, 200, 500, 1000]
  /// A queue that is full has places whenever its exporter wakes, not for long, and takes whoever comes first.
  private static let busyStep: UInt64 = 2
  private static let busyTries = 200
  private var failures = 0
  private var busy = 0

  /// The pause before the next try, in nanoseconds.
  var delay: UInt64 {
    if busy > 0 { return Self.busyStep * 1_000_000 }
    return Self.steps[min(max(0, failures - 1), Self.steps.count - 1)] * 1_000_000
  }

  /// There was nobody to connect to; or somebody with a full queue: a stopped exporter, or one that is beset.
  mutating func connectionFailed(isBusy: Bool = false) {
    busy = isBusy && busy < Self.busyTries && failures < Self.steps.count ? busy + 1 : 0
    if busy == 0 { failures += 1 }
  }

  /// A connection was there and is gone. One that served for a while is missed at once; one that only
  /// ever sends a record and closes must not make us spin.
  mutating func connectionEnded(answered: Bool, age: UInt64) {
    busy = 0
    if answered && age >= 1_000_000_000 {
      failures = 1
    } else {
      failures = answered ? min(failures + 1, 3) : failures + 1
    }
  }
}
