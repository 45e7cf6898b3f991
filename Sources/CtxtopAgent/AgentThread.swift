// The agent's one thread: signs of life, pages ahead of need, leadership, the socket. It runs with all
// signals blocked, takes no lock of the host and never its interpreter's, and sleeps in one poll.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

package enum AgentThread {
  private static let stackBytes = 256 * 1024
  nonisolated(unsafe) private static var thread: pthread_t?
  nonisolated(unsafe) private static var wakeWriter: Int32 = -1
  nonisolated(unsafe) fileprivate static var start: (service: Service, wake: Int32)?

  /// Starts the thread for a service just claimed.
  static func start(_ service: Service) throws(SystemFailure) {
    var ends: (Int32, Int32) = (-1, -1)
    let made = withUnsafeMutablePointer(to: &ends) { ends in
      ends.withMemoryRebound(to: Int32.self, capacity: 2) { ctxtop_wake_pipe($0) }
    }
    _ = try valueOrFailure(made, "making the agent's wake-up pipe")
    guard OwnedDescriptors.add(ends.0), OwnedDescriptors.add(ends.1) else {
      OwnedDescriptors.close(ends.0)
      close(ends.1)
      throw SystemFailure("making the agent's wake-up pipe", EMFILE)
    }
    start = (service, ends.0)
    let code = create()
    if code == 0 {
      wakeWriter = ends.1
      return
    }
    OwnedDescriptors.close(ends.0)
    OwnedDescriptors.close(ends.1)
    throw SystemFailure("starting the agent's thread", code)
  }

  private static func create() -> Int32 {
    var all = sigset_t()
    var old = sigset_t()
    sigfillset(&all)
    // The thread inherits the mask: no signal of the host is ever delivered to it, not for a moment.
    pthread_sigmask(SIG_BLOCK, &all, &old)
    defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    var id = pthread_t()
    let code = pthread_create(&id, &attributes, threadMain, nil)
    if code == 0 { thread = id }
    return code
  }

  /// Ends the thread and waits for it; the slot is free and the descriptors are closed afterwards.
  static func stop() {
    guard let id = thread else { return }
    var byte: UInt8 = 1
    guard OwnedDescriptors.isOurs(wakeWriter), write(wakeWriter, &byte, 1) == 1 else {
      // The application closed our descriptors: the thread notices by itself, and is not waited for.
      pthread_detach(id)
      thread = nil
      return
    }
    pthread_join(id, nil)
    OwnedDescriptors.close(wakeWriter)
    thread = nil
  }

  /// In a child, where the thread does not exist.
  static func abandon() {
    thread = nil
    wakeWriter = -1
  }
}

private let threadMain: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { _ in
  if let start = AgentThread.start {
    ctxtop_name_thread("ctxtop")
    var loop = AgentLoop(start.service, wake: start.wake)
    loop.run()
  }
  return nil
}

/// What the thread does between two sleeps.
struct AgentLoop: ~Copyable {
  /// Time between two signs of life.
  private static let beatInterval: UInt64 = 500_000_000
  /// The same where the leader's end can only be noticed by asking.
  private static let askInterval: UInt64 = 100_000_000
  /// A vacant office that nobody could take is tried again after this.
  private static let second: UInt64 = 1_000_000_000

  private let service: Service
  private let wake: Int32
  private let pidNamespace = ProcessStatus.pidNamespace()
  private var leadership: Leadership
  private var exporter: Exporter
  private var watched = WatchedLeader()
  private var nextBeat: UInt64 = 0
  private var nextCheck: UInt64 = 0
  private var isOrphaned = false
  private var polled: [pollfd] = []

  init(_ service: Service, wake: Int32) {
    self.service = service
    self.wake = wake
    leadership = Leadership(service)
    exporter = Exporter(service)
  }

  mutating func run() {
    while step() {}
    exporter.close()
    leadership.resign(at: Clock.monotonic())
    watched.forget()
    service.slot.moveOut()
    if service.isIntact { giveUpLock() }
    OwnedDescriptors.close(service.lock.descriptor)
    OwnedDescriptors.close(service.file.descriptor)
    OwnedDescriptors.close(wake)
  }

  private func giveUpLock() {
    // Our own lock goes first: of workers that end together, the last one to look sees that nobody is left. A
    // worker that begins just now and loses its socket to this puts it back at its next beat.
    service.lock.giveBack(service.slot.index)
    if isLast() { exporter.removeSocket() }
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
    if polled[0].revents != 0 { return false }
    if polled[1].revents != 0 { watched.hasEnded = true }
    if leadership.stillLeads() {
      exporter.serve(polled[2...], at: now)
    } else if exporter.isOpen {
      exporter.close()
    }
    return true
  }

  private mutating func beat(at now: UInt64) {
    nextBeat = now &+ Self.beatInterval
    service.slot.beat(at: now)
    service.slot.sample(ProcessStatus(of: getpid()), at: now)
    service.slot.allocateAhead(in: service.file)
    leadership.beat(at: now)
  }

  /// Once a second: is the segment still the one that its name leads to?
  private mutating func check(at now: UInt64) {
    nextCheck = now &+ Self.second
    let path = SegmentFile.path(in: service.directory.path, stem: service.stem)
    // A segment that has lost its name belongs to nobody who could look for it: its leader must not fight
    // with that of the file which took its place.
    isOrphaned = FileIdentity(at: path).map { !$0.isSame(as: service.file.identity) } ?? true
    if isOrphaned {
      leadership.resign(at: now)
      exporter.close()
    }
  }

  /// The application closed our descriptors: no socket and no lock any more, but the mapping is still there
  /// and readers may know that this process lives. Returns only when the process detaches.
  private mutating func liveOnWithoutDescriptors() -> Bool {
    service.slot.control.store(CTXTOP_SLOT_LOCK_LOST, 1)
    leadership.resign(at: Clock.monotonic())
    exporter.close()
    watched.forget()
    while Agent.attachment != 0 {
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
    polled.removeAll(keepingCapacity: true)
    polled.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0))
    polled.append(pollfd(fd: watched.descriptor, events: Int16(POLLIN), revents: 0))
    if leadership.epoch != nil { exporter.poll(into: &polled) }
    let wait = time > now ? (time &- now &+ 999_999) / 1_000_000 : 0
    let count = polled.withUnsafeMutableBufferPointer { poll($0.baseAddress, UInt($0.count), Int32(min(wait, 60_000))) }
    if count < 0 { for index in polled.indices { polled[index].revents = 0 } }
  }

  /// Whether no other worker of the service lives: the last one takes the socket with it.
  private func isLast() -> Bool {
    for index in 0..<SlotCount.inFile(service.file.descriptor) where index != service.slot.index {
      if service.lock.isHeld(index) != false { return false }
    }
    return true
  }
}

/// The leader's process, waited for through a pidfd where pids can be compared.
struct WatchedLeader {
  private(set) var descriptor: Int32 = -1
  private var word: LeaderWord?
  /// The leader's process has ended; the leadership will find its lock free.
  var hasEnded = false

  var canBeWaitedFor: Bool { descriptor >= 0 && !hasEnded }

  /// Waits for the leader that the word names.
  mutating func follow(_ word: LeaderWord, _ service: Service, pidNamespace: UInt64) {
    if let followed = self.word, followed.epoch == word.epoch, followed.slot == word.slot, !hasEnded { return }
    forget()
    guard let leader = word.slot, let pid = Self.pid(of: leader, service, pidNamespace) else { return }
    let opened = ctxtop_pidfd_open(pid)
    guard opened >= 0 else { return }
    guard OwnedDescriptors.add(opened) else {
      close(opened)
      return
    }
    descriptor = opened
    self.word = word
  }

  mutating func forget() {
    if descriptor >= 0 { OwnedDescriptors.close(descriptor) }
    self = WatchedLeader()
  }

  /// The leader's pid, if it means the same to us: same pid namespace, and the process that it names started
  /// when the leader did.
  private static func pid(of slot: Int, _ service: Service, _ pidNamespace: UInt64) -> Int32? {
    var control: InlineArray<8, UInt64> = InlineArray(repeating: 0)
    let offset = SlotLayout.offset(of: slot)
    let count = withUnsafeMutableBytes(of: &control) {
      pread(service.file.descriptor, $0.baseAddress, $0.count, offset)
    }
    guard count == 64, pidNamespace != 0, control[CTXTOP_SLOT_PID_NAMESPACE] == pidNamespace else { return nil }
    let pid = Int32(bitPattern: control[CTXTOP_SLOT_PID].low)
    guard pid > 0, let status = ProcessStatus(of: pid), status.startTicks == control[CTXTOP_SLOT_START_TICKS]
    else { return nil }
    return pid
  }
}
