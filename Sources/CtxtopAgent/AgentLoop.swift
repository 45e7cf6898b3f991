// What the agent's thread does: signs of life, pages ahead of need, leadership, the socket - and what is left of
// it when the application has closed our descriptors.

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
  /// Time between two looks at whether the segment still has its name.
  private static let checkInterval: UInt64 = 1_000_000_000

  private let service: Service
  private var wake: Int32
  private let pidNamespace = ProcessStatus.pidNamespace()
  private var leadership: Leadership
  private var exporter: Exporter
  private let recycling: Recycling
  private var watched = WatchedLeader()
  private var nextBeat: UInt64 = 0
  private var nextCheck: UInt64 = 0
  private var isOrphaned = false
  private var hasFiles = true
  private var polled = PollList()

  init(_ service: Service, wake: Int32) {
    self.service = service
    self.wake = wake
    leadership = Leadership(service)
    exporter = Exporter(service)
    recycling = Recycling(service)
  }

  mutating func run() {
    while step() {}
    exporter.close()
    leadership.resign(at: Clock.monotonic())
    watched.forget()
    service.slot.moveOut()
    // Our own lock goes first: of workers that end together, the last one to look sees that nobody is left. A
    // worker that begins just now and loses its socket to this puts it back at its next beat.
    if hasFiles, service.isIntact {
      service.lock.giveBack(service.slot.index)
      if !hasLostName(), isLast() { exporter.removeSocket() }
    }
    closeFiles()
    OwnedDescriptors.close(wake)
  }

  /// Closes what leads to segment and lock, once: the numbers may belong to a later attachment afterwards.
  private mutating func closeFiles() {
    if !hasFiles { return }
    hasFiles = false
    OwnedDescriptors.close(service.lock.descriptor)
    OwnedDescriptors.close(service.file.descriptor)
  }

  /// One round: look after what is due, sleep, serve what woke us. False: it is time to end.
  private mutating func step() -> Bool {
    // The application may close our descriptors at any time, and open files of its own under their numbers:
    // nothing is allocated, locked or sent before this was asked, after every sleep.
    guard service.isIntact, OwnedDescriptors.isOurs(wake) else { return liveOnWithoutDescriptors() }
    var now = Clock.monotonic()
    if now >= nextBeat { beat(at: now) }
    if now >= nextCheck { check(at: now) }
    lead(at: now)
    sleep(until: wakeTime(at: now), now: now)
    now = Clock.monotonic()
    guard service.isIntact, OwnedDescriptors.isOurs(wake) else { return true }
    if polled.events(0) != 0 { return Agent.attachment == 0 ? false : liveOnWithoutDescriptors() }
    if polled.events(1) != 0 { watched.hasEnded = true }
    if leadership.stillLeads() {
      exporter.serve(polled, from: 2, at: now)
    } else if exporter.isOpen {
      exporter.close()
    }
    return true
  }

  private mutating func beat(at now: UInt64) {
    nextBeat = now &+ Self.beatInterval
    service.slot.beat(at: now)
    service.slot.sample(ProcessStatus(of: getpid()), at: now)
    service.slot.noteListenQueue(ctxtop_listen_queue())
    service.slot.allocateAhead(in: service.file)
    leadership.beat(at: now)
    recycling.advance(at: now)
  }

  /// Once a second: is the segment still the one that its name leads to?
  private mutating func check(at now: UInt64) {
    nextCheck = now &+ Self.checkInterval
    // A segment that has lost its name belongs to nobody who could look for it: its leader must not fight
    // with that of the file which took its place.
    isOrphaned = hasLostName()
    if isOrphaned {
      leadership.resign(at: now)
      exporter.close()
    }
  }

  private func hasLostName() -> Bool {
    let path = SegmentFile.path(in: service.directory.path, stem: service.stem)
    return FileIdentity(at: path).map { !$0.isSame(as: service.file.identity) } ?? true
  }

  /// The application closed our descriptors: no socket and no lock any more, but the mapping is still there
  /// and readers may know that this process lives. Returns only when the process detaches.
  private mutating func liveOnWithoutDescriptors() -> Bool {
    leadership.resign(at: Clock.monotonic())
    exporter.close()
    watched.forget()
    service.slot.control.store(CTXTOP_SLOT_LOCK_LOST, 1)
    closeFiles()
    if !OwnedDescriptors.isOurs(wake) {
      OwnedDescriptors.close(wake)
      wake = -1
    }
    let attachment = Agent.attachment
    while attachment != 0, Agent.attachment == attachment {
      let now = Clock.monotonic()
      service.slot.beat(at: now)
      service.slot.sample(ProcessStatus(of: getpid()), at: now)
      var pause = timespec(tv_sec: 0, tv_nsec: Int(Self.beatInterval))
      nanosleep(&pause, nil)
    }
    return false
  }

  private mutating func lead(at now: UInt64) {
    if isOrphaned { return }
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
    var time = min(nextBeat, nextCheck)
    if leadership.epoch != nil { return min(time, exporter.nextDue(at: now)) }
    if isOrphaned { return time }
    if !watched.canBeWaitedFor { time = min(time, now &+ Self.askInterval) }
    let age = leadership.current.age(at: now)
    let left = LeaderWord.patience > age ? LeaderWord.patience &- age : 0
    return min(time, now &+ max(left, 10_000_000))
  }

  private mutating func sleep(until time: UInt64, now: UInt64) {
    polled.clear()
    polled.add(wake)
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
