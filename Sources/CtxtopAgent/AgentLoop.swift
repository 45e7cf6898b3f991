// What the agent's thread does: signs of life, pages ahead of need, leadership, the socket. It ends with the process's
// attachment, or when the files are gone (Recovery.swift).

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// What the thread does between two sleeps.
struct AgentLoop: ~Copyable {
  /// Time between two signs of life.
  private static let beatInterval: UInt64 = 500_000_000
  /// The same where the leader's end can only be noticed by asking.
  private static let askInterval: UInt64 = 100_000_000

  /// What a round comes to.
  private enum Next {
    case again, lost, end
  }

  private let service: Service
  private let pidNamespace = ProcessStatus.pidNamespace()
  private var leadership: Leadership
  private var exporter: Exporter
  private let recycling: Recycling
  private var watched = WatchedLeader()
  private var nextBeat: UInt64 = 0
  private var polled = PollList()

  init(_ service: Service) {
    self.service = service
    leadership = Leadership(service)
    exporter = Exporter(service)
    recycling = Recycling(service)
  }

  /// Until the process detaches and the slot is free; true: the files had gone, and there are others to go on with.
  @inline(never)
  mutating func run() -> Bool {
    var next = Next.again
    while next == .again { next = step() }
    exporter.close()
    leadership.resign(at: Clock.now())
    watched.forget()
    if next == .lost, recover() { return true }
    if service.hasSlot { service.slot.moveOut() }
    // What is not ours any more may be a later attachment's, by its number; the pipe tells.
    if !service.isIntact { return false }
    // Our own lock goes first: of workers that end together, the last one to look sees that nobody is left. A
    // worker that begins just now and loses its socket to this puts it back at its next beat.
    service.lock.giveBack(service.slot.index)
    if service.hasNames, isLast() { exporter.socket.remove() }
    service.files.close()
    return false
  }

  /// Tries to get the files back as long as the process is attached; false: it is not any more.
  private mutating func recover() -> Bool {
    while !service.hasEnded {
      if !service.hasSlot {
        // Stopped for so long that another worker has taken it: from here on, this one runs unmonitored.
        Agent.leave()
      } else if service.recover() {
        return !service.hasEnded
      } else {
        pulse(at: Clock.now())
        polled.clear()
        polled.add(OwnedDescriptors.isOurs(service.wake) ? service.wake : -1)
        polled.sleep(Self.beatInterval / 1_000_000)
      }
    }
    return false
  }

  /// One round: look after what is due, sleep, serve what woke us.
  private mutating func step() -> Next {
    // The application may close our descriptors at any time, and open files of its own under their numbers:
    // nothing is allocated, locked or sent before this was asked, after every sleep.
    guard service.isIntact else { return .lost }
    var now = Clock.now()
    if now >= nextBeat {
      // Files that have lost their names belong to nobody who could look for them: their leader must not fight with
      // that of the files which took their place.
      if !service.hasNames { return .lost }
      beat(at: now)
    }
    lead(at: now)
    sleep(until: wakeTime(at: now), now: now)
    now = Clock.now()
    guard service.isIntact else { return .lost }
    // Asked also where the sleep failed and tells nothing: somebody waits for this thread to end.
    if service.hasEnded { return .end }
    if polled.events(0) != 0 { return .lost }
    if polled.events(1) != 0 { watched.hasEnded = true }
    if leadership.stillLeads() {
      exporter.serve(polled, from: 2, at: now)
    } else if exporter.isOpen {
      exporter.close()
    }
    return .again
  }

  private mutating func beat(at now: UInt64) {
    nextBeat = now &+ Self.beatInterval
    pulse(at: now)
    service.slot.noteListenQueue(ctxtop_listen_queue())
    service.slot.allocateAhead(in: service.file)
    leadership.beat(at: now)
    recycling.advance(at: now)
  }

  @inline(never)
  private func pulse(at now: UInt64) {
    service.slot.beat(at: now)
    service.slot.sample(ProcessStatus(of: getpid()), at: now)
  }

  private mutating func lead(at now: UInt64) {
    if leadership.stillLeads() {
      exporter.keepOpen(leadership, at: now)
      return
    }
    if exporter.isOpen { exporter.close() }
    if leadership.takeIfVacant(at: now) {
      watched.forget()
      exporter.open(&leadership, at: now)
    } else {
      watched.follow(leadership.current, service, pidNamespace: pidNamespace)
    }
  }

  /// When the next thing is due, at the latest.
  private func wakeTime(at now: UInt64) -> UInt64 {
    var time = nextBeat
    if leadership.epoch != nil { return min(time, exporter.nextDue(at: now)) }
    if !watched.canBeWaitedFor { time = min(time, now &+ Self.askInterval) }
    let age = leadership.current.age(at: now)
    let left = LeaderWord.patience > age ? LeaderWord.patience &- age : 0
    return min(time, now &+ max(left, 10_000_000))
  }

  private mutating func sleep(until time: UInt64, now: UInt64) {
    polled.clear()
    polled.add(service.wake)
    polled.add(watched.descriptor)
    if leadership.epoch != nil { exporter.poll(into: &polled, at: now) }
    polled.sleep(time > now ? (time &- now &+ 999_999) / 1_000_000 : 0)
  }

  /// Whether no other worker of the service lives: the last one takes the socket with it.
  private func isLast() -> Bool {
    for index in 0..<SlotCount.inFile(service.file.descriptor) where index != service.slot.index {
      if service.lock.isHeld(index) != false { return false }
    }
    return true
  }
}
