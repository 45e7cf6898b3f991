// The socket while somebody answers, the segment while nobody does. The socket is tried all the time;
// its first record ends the reading of the segment.

/// The source behind a target: socket with the segment to fall back on.
package final class LiveSource: SnapshotSource {
  /// How often a snapshot is wanted.
  package var interval: UInt64 {
    didSet {
      socket.interval = interval
      segment?.interval = interval
    }
  }
  /// Whether each snapshot is preceded by its record.
  package var givesRecords = false {
    didSet {
      socket.givesRecords = givesRecords
      segment?.givesRecords = givesRecords
    }
  }
  private let endpoint: Endpoint
  private let readSegment: SegmentSource.Read?
  private let socket: SocketSource
  private var segment: SegmentSource?
  private var loss: (since: UInt64, reason: StoreError)?
  private var state = SourceState.connecting

  /// The endpoint's socket at `socketPath`, with its segment.
  package init(
    _ endpoint: Endpoint, socketPath: String, interval: UInt64,
    readSegment: SegmentSource.Read? = nil
  ) {
    self.readSegment = readSegment
    self.endpoint = endpoint
    self.interval = interval
    socket = SocketSource(endpoint, path: socketPath, interval: interval)
  }

  /// The source for an endpoint: a segment alone where it has no socket.
  package static func open(_ endpoint: Endpoint, interval: UInt64) -> any SnapshotSource {
    if let target = endpoint.remote { return RemoteSource(endpoint, target, interval: interval) }
    if let socketPath = endpoint.socketPath {
      return LiveSource(endpoint, socketPath: socketPath, interval: interval)
    }
    return SegmentSource(endpoint, path: endpoint.segmentPath ?? endpoint.name, interval: interval)
  }

  /// Whether there is a segment to read when the socket does not answer.
  var hasFallback: Bool { endpoint.segmentPath != nil }

  /// What the socket waits for.
  package var pollRequests: [PollRequest] { socket.pollRequests }

  /// The nearest of: the socket's own, the next pass over the segment, the time to begin with it.
  package var deadline: UInt64? {
    let fallback = segment.map(\.deadline) ?? (endpoint.segmentPath == nil ? nil : socket.giveUpTime)
    return [socket.deadline, fallback].compactMap { $0 }.min()
  }

  /// Advances the socket, and the segment while the socket does not answer.
  package func advance(now: UInt64) -> [SourceEvent] {
    var events: [SourceEvent] = []
    for event in socket.advance(now: now) {
      switch event {
      case .state(.reconnecting(let since, let reason)):
        loss = (since, reason)
        if segment == nil { change(to: .reconnecting(since: since, reason: reason), &events) }
      case .state(let state):
        change(to: state, &events)
      case .record:
        events.append(event)
      case .snapshot:
        segment = nil
        loss = nil
        change(to: .live, &events)
        events.append(event)
      }
    }
    if segment == nil, let path = endpoint.segmentPath, let time = socket.giveUpTime, now >= time {
      segment = SegmentSource(endpoint, path: path, interval: interval, read: readSegment)
      segment?.givesRecords = givesRecords
    }
    if let segment { take(segment.advance(now: now), &events) }
    return events
  }

  /// Closes the connection, and does not open another before it is advanced again.
  package func hangUp() { socket.hangUp() }

  private func take(_ fromSegment: [SourceEvent], _ events: inout [SourceEvent]) {
    for event in fromSegment {
      switch event {
      case .state(.segment):
        change(to: .segment(reason: loss?.reason), &events)
      case .state(.reconnecting(let since, let reason)):
        let both = loss.map { StoreError.neither(socket: $0.reason, segment: reason) } ?? reason
        change(to: .reconnecting(since: loss?.since ?? since, reason: both), &events)
      case .state(let state):
        change(to: state, &events)
      case .record, .snapshot:
        events.append(event)
      }
    }
  }

  private func change(to new: SourceState, _ events: inout [SourceEvent]) {
    guard new != state else { return }
    state = new
    events.append(.state(new))
  }
}
