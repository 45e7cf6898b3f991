// The service's socket, in the hands of the leader: accepts clients, answers requests from the segment.
// Clients that are slow, silent or hostile are bounded and dropped, never waited for.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

/// The listening socket and its clients. Agent's thread only.
struct Exporter: ~Copyable {
  /// Clients at a time; one more takes the place of the one that has been silent the longest.
  static let clientLimit = 64
  /// A client that never asked, or that takes nothing, is dropped after this.
  private static let silence: UInt64 = 10_000_000_000

  private let service: Service
  private let path: Path
  private var collector: Collector
  private var listener: Int32 = -1
  private var bound: FileIdentity?
  private var clients: [ExporterClient] = []
  private var nextTry: UInt64 = 0
  /// Whether no client could be accepted for want of descriptors: it is tried again at `nextTry`, not in a loop.
  private var isDeaf = false

  init(_ service: Service) {
    self.service = service
    path = service.directory.path.entry(service.stem).appending(".sock")
    collector = Collector(file: service.file, lock: service.lock, own: service.slot)
  }

  var isOpen: Bool { listener >= 0 }

  // MARK: The listener

  /// Makes the socket and puts it in the place of whatever socket was there.
  mutating func open(_ leadership: inout Leadership, at now: UInt64) {
    close()
    nextTry = now &+ 500_000_000
    let temporary = service.directory.path.entry(".").appending(service.stem).appending(".")
      .appending(UInt64(getpid())).appending(".sock")
    temporary.withCString { _ = unlink($0) }
    let socket = ctxtop_unix_socket()
    guard socket >= 0 else { return }
    guard OwnedDescriptors.add(socket) else {
      _ = CCtxtop.close(socket)
      return
    }
    guard prepare(socket, temporary), let identity = FileIdentity(at: temporary), leadership.stillLeads(), mayReplace(),
      putInPlace(temporary)
    else {
      temporary.withCString { _ = unlink($0) }
      OwnedDescriptors.close(socket)
      return
    }
    listener = socket
    bound = identity
  }

  private func prepare(_ socket: Int32, _ path: Path) -> Bool {
    path.withCString { path in
      guard ctxtop_bind(socket, path) == 0, chmod(path, service.mode.socket) == 0 else { return false }
      if let group = service.mode.group, chown(path, none32, group) != 0 { return false }
      return listen(socket, 128) == 0
    }
  }

  /// What is not a socket is never replaced.
  private func mayReplace() -> Bool { FileIdentity(at: path).map { $0.isSocket && $0.owner == geteuid() } ?? true }

  private func putInPlace(_ temporary: Path) -> Bool {
    temporary.withCString { from in path.withCString { to in rename(from, to) == 0 } }
  }

  /// Makes the socket again when it could not be made before, or its name leads elsewhere.
  mutating func keepOpen(_ leadership: Leadership, at now: UInt64) {
    guard now >= nextTry else { return }
    nextTry = now &+ 500_000_000
    isDeaf = false
    let there = FileIdentity(at: path)
    if isOpen, OwnedDescriptors.isOurs(listener), let bound, let there, there.isSame(as: bound) { return }
    var leadership = leadership
    open(&leadership, at: now)
  }

  /// Closes the listener and all clients. The socket's name stays: it may lead to another worker's by now.
  mutating func close() {
    while !clients.isEmpty { drop(clients.count &- 1) }
    if listener < 0 { return }
    OwnedDescriptors.close(listener)
    listener = -1
    bound = nil
  }

  /// Removes the socket when no worker is left to listen on it.
  func removeSocket() {
    guard let there = FileIdentity(at: path), there.isSocket, there.owner == geteuid() else { return }
    path.withCString { _ = unlink($0) }
  }

  // MARK: Polling

  /// Adds what the exporter waits for: the listener, then the clients in their order.
  func poll(into polled: inout PollList) {
    polled.add(isDeaf ? -1 : listener)
    for client in clients { polled.add(client.descriptor, client.pollEvents) }
  }

  /// When a watching client wants its next record, or a silent one must go.
  func nextDue(at now: UInt64) -> UInt64 {
    var due = nextTry
    for client in clients { due = min(due, client.nextDue(silence: Self.silence)) }
    return max(due, now)
  }

  /// Serves what `poll` reported, of which the exporter's part begins at `first`.
  mutating func serve(_ polled: borrowing PollList, from first: Int, at now: UInt64) {
    var answer = Answer()
    for index in clients.indices { advance(clients[index], polled.events(first &+ 1 &+ index), &answer, at: now) }
    for index in clients.indices.reversed() where clients[index].isFinished { drop(index) }
    if polled.events(first) != 0 { accept(at: now) }
  }

  /// Closes a client's connection. Another one may come to its place.
  @inline(never)
  private mutating func drop(_ index: Int) {
    OwnedDescriptors.close(clients[index].descriptor)
    if let last = clients.popLast(), index < clients.count { clients[index] = last }
  }

  @inline(never)
  private mutating func advance(
    _ client: ExporterClient, _ events: Int16, _ answer: inout Answer, at now: UInt64
  ) {
    guard OwnedDescriptors.isOurs(client.descriptor) else {
      client.isFinished = true
      return
    }
    if events != 0 { client.receive(events, at: now) }
    while let request = client.takeRequest(at: now) {
      switch request {
      case .record: client.send(answer.record(&collector), at: now)
      case .json: client.send(answer.json(&collector), at: now, andClose: true)
      case .text(let text): client.send(text, at: now)
      case .recycle(let pid): client.send(RecycleRequest.perform(pid, service, at: now), at: now)
      }
    }
    client.flush(at: now)
    if now > client.lastProgress &+ Self.silence, client.isStuck { client.isFinished = true }
  }

  private mutating func accept(at now: UInt64) {
    guard OwnedDescriptors.isOurs(listener) else { return }
    for _ in 0..<Self.clientLimit {
      let socket = ctxtop_accept(listener)
      if socket < 0 {
        isDeaf = socket != -EAGAIN && socket != -EINTR && socket != -ECONNABORTED
        return
      }
      guard let level = level(of: socket), OwnedDescriptors.add(socket) else {
        _ = CCtxtop.close(socket)
        continue
      }
      if clients.count >= Self.clientLimit { makeRoom() }
      clients.append(ExporterClient(socket, level: level, at: now))
    }
  }

  /// Root and our own user may do what there is to do; whoever the socket's mode let in for its group may look, and
  /// do more as a member of it, whichever of its groups that is: the mode may have been loosened. Nil: get out.
  private func level(of socket: Int32) -> ExporterClient.Level? {
    var user: UInt32 = 0
    var own: UInt32 = 0
    var pid: Int32 = 0
    guard ctxtop_peer(socket, &user, &own, &pid) == 0 else { return nil }
    let isTrusted = user == 0 || user == geteuid()
    guard let group = service.mode.group else { return isTrusted ? full : nil }
    return isTrusted || ctxtop_peer_is_in_group(socket, group) == 1 ? full : .read
  }

  private var full: ExporterClient.Level { Agent.configuration.isControlled ? .control : .read }

  private mutating func makeRoom() {
    var oldest = 0
    for index in clients.indices where clients[index].lastProgress < clients[oldest].lastProgress { oldest = index }
    drop(oldest)
  }
}

/// The answers of one round: made at most once, however many clients ask.
private struct Answer {
  private var isRead = false
  private var recordBytes: Bytes?
  private var jsonBytes: Bytes?

  mutating func record(_ collector: inout Collector) -> Bytes {
    if let recordBytes { return recordBytes }
    read(&collector)
    let bytes = collector.record()
    recordBytes = bytes
    return bytes
  }

  mutating func json(_ collector: inout Collector) -> Bytes {
    if let jsonBytes { return jsonBytes }
    read(&collector)
    let bytes = collector.json()
    jsonBytes = bytes
    return bytes
  }

  private mutating func read(_ collector: inout Collector) {
    if !isRead { collector.read() }
    isRead = true
  }
}
