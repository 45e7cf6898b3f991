// The service's socket, in the hands of the leader: accepts clients, answers requests from the segment.
// Clients that are slow, silent or hostile are bounded and dropped, never waited for: so many connections, so many
// bytes that wait to be taken, so much of a processor (Allowance.swift). Who has the most of them loses first, so
// that a process with one connection is served whatever another does with thousands.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

/// The listening socket and its clients. Agent's thread only.
struct Exporter: ~Copyable {
  /// Clients at a time; one more takes the place of another. So many are accepted in a round, and may wait for that.
  static let clientLimit = 64
  /// A process with more connections is served after all others.
  private static let fewClients = 4
  /// So long, at the most, in a round: nanoseconds of a processor.
  private static let roundTime: UInt64 = 1_500_000
  /// Bytes that may wait to be taken after a round, unless it is one client's answer.
  private static let waitingLimit = 8 << 20
  /// A client that never asked, or that takes nothing, is dropped after this.
  private static let silence: UInt64 = 10_000_000_000

  private let service: Service
  let socket: ServiceSocket
  private var collector: Collector
  private var listener: Int32 = -1
  private var bound: FileIdentity?
  /// Room for all of them and one more: growing would be more code than all that is done with them.
  private let clients = UnsafeMutablePointer<ExporterClient>.allocate(capacity: clientLimit + 1)
  private var count = 0
  private var nextTry: UInt64 = 0
  /// Whether no client could be accepted for want of descriptors: it is tried again at `nextTry`, not in a loop.
  private var isDeaf = false
  private var allowance = Allowance()
  private var control = ControlRequests()
  /// Whether the application has asked about itself: a test suite, after each test. It may do so as often as it likes.
  private var asksItself = false

  init(_ service: Service) {
    self.service = service
    socket = ServiceSocket(service)
    collector = Collector(file: service.file, lock: service.lock, own: service.slot)
  }

  deinit {
    clients.deinitialize(count: count)
    clients.deallocate()
  }

  var isOpen: Bool { listener >= 0 }

  // MARK: The listener

  /// Makes the socket and puts it in the place of whatever socket was there.
  mutating func open(_ leadership: inout Leadership, at now: UInt64) {
    close()
    nextTry = now &+ 500_000_000
    guard let made = socket.make(&leadership) else { return }
    listener = made.listener
    bound = made.identity
  }

  /// Makes the socket again when it could not be made before, or its name leads elsewhere.
  mutating func keepOpen(_ leadership: Leadership, at now: UInt64) {
    guard now >= nextTry else { return }
    nextTry = now &+ 500_000_000
    isDeaf = false
    let there = socket.there
    if isOpen, OwnedDescriptors.isOurs(listener), let bound, let there, there.isSame(as: bound) { return }
    var leadership = leadership
    open(&leadership, at: now)
  }

  /// Closes the listener and all clients. The socket's name stays: it may lead to another worker's by now.
  mutating func close() {
    while count > 0 { drop(count &- 1) }
    if listener < 0 { return }
    OwnedDescriptors.close(listener)
    listener = -1
    bound = nil
  }

  // MARK: Polling

  /// Adds what the exporter waits for: the listener, then the clients in their order; nothing while it may not work.
  func poll(into polled: inout PollList, at now: UInt64) {
    if now < allowance.pausedUntil { return }
    polled.add(isDeaf ? -1 : listener)
    for index in 0..<count { polled.add(clients[index].descriptor, clients[index].pollEvents) }
  }

  /// When a watching client wants its next record, or a silent one must go.
  func nextDue(at now: UInt64) -> UInt64 {
    var due = nextTry
    for index in 0..<count { due = min(due, clients[index].nextDue(silence: Self.silence)) }
    return max(due, max(now, allowance.pausedUntil))
  }

  /// Serves what `poll` reported, of which the exporter's part begins at `first`.
  mutating func serve(_ polled: borrowing PollList, from first: Int, at now: UInt64) {
    if now < allowance.pausedUntil { return }
    let begun = Clock.thread()
    for index in 0..<count { clients[index].events = polled.events(first &+ 1 &+ index) }
    // The queue is emptied before anybody is served: who finds it full has to try again.
    if polled.events(first) != 0 { accept(at: now) }
    control.settle(at: now)
    var answer = Answer()
    // Processes with many connections come last, and only as far as there is time left for this round.
    for isLast in [false, true] {
      for index in 0..<count where (clients[index].share > Self.fewClients) == isLast {
        if isLast, Clock.thread() &- begun > Self.roundTime { break }
        advance(clients[index], &answer, at: now)
      }
    }
    for index in (0..<count).reversed() where clients[index].isFinished { drop(index) }
    while let index = greediest(waiting: true) { drop(index) }
    if !asksItself { allowance.spend(Clock.thread() &- begun, at: now) }
  }

  /// Closes a client's connection. Another one may come to its place.
  @inline(never)
  private mutating func drop(_ index: Int) {
    let gone = (clients + index).move()
    count &-= 1
    if index < count { (clients + index).initialize(to: (clients + count).move()) }
    OwnedDescriptors.close(gone.descriptor)
    share(with: gone, -1)
  }

  @inline(never)
  private mutating func advance(_ client: ExporterClient, _ answer: inout Answer, at now: UInt64) {
    guard OwnedDescriptors.isOurs(client.descriptor) else {
      client.isFinished = true
      return
    }
    if client.events != 0 { client.receive(client.events, at: now) }
    while let request = client.takeRequest(at: now) {
      switch request {
      case .record: client.send(answer.record(&collector), at: now)
      case .json: client.send(answer.json(&collector), at: now, andClose: true)
      case .text(let text): client.send(text, at: now)
      case .recycle(let pid): client.send(control.answer(client, recycle: pid, service, at: now), at: now)
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
      guard let client = client(socket, at: now), OwnedDescriptors.add(socket) else {
        _ = CCtxtop.close(socket)
        continue
      }
      share(with: client, 1)
      (clients + count).initialize(to: client)
      count &+= 1
      if count > Self.clientLimit, let index = greediest(waiting: false) { drop(index) }
    }
  }

  /// Root and our own user may do what there is to do; whoever the socket's mode let in for its group may look, and
  /// do more as a member of the group that controls, whichever of its groups that is: the mode may have been loosened.
  /// Nil: get out.
  private mutating func client(_ socket: Int32, at now: UInt64) -> ExporterClient? {
    var user: UInt32 = 0
    var own: UInt32 = 0
    var pid: Int32 = 0
    guard ctxtop_peer(socket, &user, &own, &pid) == 0 else { return nil }
    // 65534 stands for every user that has no id in our user namespace: one that is us, we may signal.
    let isTrusted = user == 0 || user == geteuid() && (user != 65_534 || pid > 0 && kill(pid, 0) == 0)
    var level = Agent.configuration.isControlled ? ExporterClient.Level.control : .uncontrolled
    if let group = service.mode.group {
      if !isTrusted, level == .control, ctxtop_peer_is_in_group(socket, Agent.configuration.controllers ?? group) != 1 {
        level = .read
      }
    } else if !isTrusted {
      return nil
    }
    if pid == getpid() { asksItself = true }
    return ExporterClient(
      socket, level: level, user: user, peer: pid, share: isTrusted ? 1 : Self.clientLimit, at: now)
  }

  /// Lets the connections of its process know of one more, or of one less.
  @inline(never)
  private func share(with client: ExporterClient, _ more: Int) {
    for index in 0..<count where clients[index].peer == client.peer {
      clients[index].share &+= more
      client.share = clients[index].share
    }
  }

  /// Whose connection is the first to go: a guest's before our own user's, of those one of the process that has the
  /// most of them, of those the one that has been silent the longest. `waiting`: one that does not take its answer,
  /// while such answers are too much.
  @inline(never)
  private func greediest(waiting: Bool) -> Int? {
    var found: Int?
    var total = 0
    for index in 0..<count {
      let client = clients[index]
      total &+= client.waiting
      if waiting && client.waiting == 0 { continue }
      if let found {
        let other = clients[found]
        if client.share < other.share { continue }
        if client.share == other.share, client.lastProgress >= other.lastProgress { continue }
      }
      found = index
    }
    guard let found, waiting else { return found }
    return total > Self.waitingLimit && clients[found].waiting < total ? found : nil
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
