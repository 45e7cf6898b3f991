// The agent: what is embedded in a server process. This file holds what all of it shares; the rest is
//
//   Attachment.swift        claim a slot, start the thread; say goodbye
//   ForkGuard.swift         what happens to all of this in a child
//   RequestEvents.swift     the events, called by the hooks on the server's own threads:
//   ContextEvents.swift       no system call, no lock, no allocation
//   ConnectionEvents.swift
//   CopiedContexts.swift    contexts that are current where they were not pushed
//   AgentThread.swift       the one native thread, and how it is started and ended
//   AgentLoop.swift         what it does: signs of life, leadership, the socket
//   Recovery.swift          how it gets its files back (ServiceFiles.swift)
//   Leadership.swift        which agent answers for the service (WatchedLeader.swift)
//   Exporter.swift          the socket: requests, clients, answers (ExporterClient.swift)
//   ServiceSocket.swift     the socket as a file: whose place it takes, when it goes
//   ControlRequests.swift   who may have a worker replaced, and where that is noted
//   Recycling.swift         how a worker gets itself replaced
//   RuntimeDirectory.swift  where everything lies
//   OwnedDescriptors.swift  which descriptors are ours
//
// What must hold: nothing here throws to its caller, traps, prints, blocks a server's thread or takes the
// interpreter's lock. A call before attach or after detach does nothing.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// The agent of this process.
package enum Agent {
  /// The agent's version.
  package static let version = "1.0.0"

  /// What was configured: the service's name and where it lies. Set once, before any thread needs it.
  package struct Configuration: Sendable {
    package var stem = ""
    package var directory = ""
    package var group: UInt32?
    /// Whether a worker that leaked gets itself replaced.
    package var recycles = false
    /// Whether clients at the control level may have a worker replaced.
    package var isControlled = false
    /// Whose members may, where that is another group than the one that may look.
    package var controllers: UInt32?
    package init() {}
  }

  nonisolated(unsafe) package static var configuration = Configuration()

  /// A page that reads as zero in every child of a fork or clone: the word `attachment` in it says whether
  /// this process is attached, and by which attachment. Nil until `prepare`.
  @exclusivity(unchecked) nonisolated(unsafe) static var page: Words?
  static let attachmentWord = 0
  /// A word of the page that is 1 while somebody attaches or detaches.
  static let busyWord = 1
  /// A word of the page that says when attaching failed last, so that nobody asks at each event; 0: it did not.
  static let declinedWord = 2
  /// A word of the page that holds this process's id once it was asked for.
  private static let processWord = 3
  /// A word of the page that holds the number of the attachment that has ended last.
  static let endedWord = 5
  /// How many contexts were popped on another unit than the one that pushed them, and the identities of the latest.
  static let poppedCountWord = 4
  static let poppedWords = 64
  static let poppedKept = 64

  /// The slot of the present attachment. Only used while attached.
  @exclusivity(unchecked) nonisolated(unsafe) static var slotInUse: Slot?
  nonisolated(unsafe) static var namesInUse: NameTable?
  /// Number of the latest attachment; goes on over forks, so that a child's differs from its parent's.
  nonisolated(unsafe) static var attachments: UInt64 = 0
  nonisolated(unsafe) static var threadKey: pthread_key_t = 0

  /// Names the current unit (a kind of `ctxtop_thread`) on its first event; 0 where it has no name. Set by the
  /// host's binding.
  nonisolated(unsafe) package static var nameUnit: (@convention(c) (UInt32) -> UInt32)?

  /// The state of the greenlet or task that runs now; nil: none does, the thread itself is the unit. Set by the
  /// host's binding once there can be such things. What it answers must live until that greenlet or task has ended
  /// and `coroutineEnds` was called.
  @exclusivity(unchecked)
  nonisolated(unsafe) package static var coroutine: (@convention(c) () -> UnsafeMutablePointer<ctxtop_thread>?)?

  /// The app context that is current where the calling thread stands, by the framework's own storage; 0: none, or
  /// not known. Stores whether it is pushed, as far as it tells. Set by the host's binding.
  nonisolated(unsafe) package static var currentApp: (@convention(c) (UnsafeMutablePointer<Bool>) -> UInt64)?

  /// The number of the present attachment; 0: not attached.
  @inline(__always)
  package static var attachment: UInt64 {
    guard let page else { return 0 }
    // Acquired: what the attachment wrote before, the slot above all, is visible to whoever sees its number.
    return page.load(attachmentWord)
  }

  /// This process's id, without a system call: kept in the page that a fork wipes. 0 before `prepare`.
  @inline(__always)
  package static var processID: Int32 {
    guard let page else { return 0 }
    let known = page.loadRelaxed(processWord)
    return known != 0 ? Int32(truncatingIfNeeded: known) : askProcessID(page)
  }

  private static func askProcessID(_ page: Words) -> Int32 {
    let id = getpid()
    page.store(processWord, UInt64(UInt32(bitPattern: id)))
    return id
  }

  /// Whether attaching has failed just now: what was missing, space for one, may be there a while later.
  package static var isDeclined: Bool {
    guard let declined = page?.loadRelaxed(declinedWord), declined != 0 else { return false }
    return Clock.now() &- declined < declinedFor
  }

  private static let declinedFor: UInt64 = 5_000_000_000

  /// This process cannot attach for now.
  package static func decline() { page?.store(declinedWord, Clock.now()) }

  /// What the current unit - thread, greenlet or task - writes to; nil: not attached.
  @inline(__always)
  static func thread() -> UnsafeMutablePointer<ctxtop_thread>? {
    let attachment = attachment
    if attachment == 0 { return nil }
    guard let thread = ctxtop_thread() else { return nil }
    if coroutine == nil, thread.pointee.attachment == attachment { return thread }
    return find(thread, attachment)
  }

  /// The current unit where it may be a coroutine, or has had no event yet.
  @inline(never)
  private static func find(
    _ thread: UnsafeMutablePointer<ctxtop_thread>, _ attachment: UInt64
  ) -> UnsafeMutablePointer<ctxtop_thread>? {
    if thread.pointee.lane_attachment != attachment { takeLane(thread, attachment) }
    var unit = thread
    if let running = coroutine?() {
      // Only the thread that runs it may use this lane; a task may have changed threads.
      running.pointee.lane = thread.pointee.lane
      running.pointee.is_shared_lane = thread.pointee.is_shared_lane
      unit = running
    }
    if unit.pointee.attachment != attachment {
      // Whatever it had belongs to an attachment that has ended, or to the parent of this process.
      unit.pointee.unit = nil
      unit.pointee.changes = 0
      unit.pointee.running = 0
      unit.pointee.around = 0
      unit.pointee.attachment = attachment
      if !takeUnit(unit) { dropUnit() }
    }
    return unit
  }

  private static func takeLane(_ thread: UnsafeMutablePointer<ctxtop_thread>, _ attachment: UInt64) {
    guard let slot = slotInUse else { return }
    let id = ctxtop_thread_id()
    let (lane, isShared) = slot.takeLane(id)
    thread.pointee.lane = lane.base
    thread.pointee.is_shared_lane = isShared ? 1 : 0
    thread.pointee.native_id = id
    thread.pointee.lane_attachment = attachment
    pthread_setspecific(threadKey, thread)
  }

  /// Gives a unit its record. False: the table is full; it is tried again at the unit's next request.
  @inline(never)
  @discardableResult
  static func takeUnit(_ unit: UnsafeMutablePointer<ctxtop_thread>) -> Bool {
    guard let slot = slotInUse else { return true }
    let kind = unit.pointee.kind
    var record: Words?
    if kind != CTXTOP_NO_UNIT {
      let name = nameUnit?(kind) ?? 0
      record = slot.takeUnit(
        kind: kind, nativeID: ctxtop_thread().pointee.native_id, name: name, at: Clock.now())
    }
    unit.pointee.unit = record?.base
    return record != nil
  }

  /// A unit has an event that nobody will see, because there are too many units.
  package static func dropUnit() { slotInUse?.control.add(CTXTOP_SLOT_DROPPED_UNITS) }

  /// A thread ends: its lane is free, its unit is free or evidence.
  static func threadEnds(_ thread: UnsafeMutablePointer<ctxtop_thread>) {
    unitEnds(thread)
    guard thread.pointee.lane_attachment == attachment, attachment != 0 else { return }
    if let lane = thread.pointee.lane, thread.pointee.is_shared_lane == 0 { Words(lane).store(CTXTOP_LANE_OWNER, 0) }
    thread.pointee.lane_attachment = 0
  }

  /// A greenlet or task has ended, its state is about to be freed. On any thread: nobody runs it any more, so that
  /// its record has no other writer. What it did before must be visible here (in Python, by the interpreter's lock).
  package static func coroutineEnds(_ state: UnsafeMutablePointer<ctxtop_thread>) { unitEnds(state) }

  private static func unitEnds(_ state: UnsafeMutablePointer<ctxtop_thread>) {
    guard state.pointee.attachment == attachment, attachment != 0, let slot = slotInUse else { return }
    if let unit = unit(state) {
      forgetPoppedElsewhere(unit)
      slot.releaseUnit(unit.words)
    }
    state.pointee.attachment = 0
    state.pointee.unit = nil
  }

  /// The number of a name in the slot; 0 when not attached or empty.
  package static func name(_ text: UnsafeRawBufferPointer) -> UInt32 {
    guard attachment != 0, let names = namesInUse else { return 0 }
    return names.number(of: text)
  }

  /// Counts in the lane of this thread.
  @inline(__always)
  static func count(_ thread: UnsafeMutablePointer<ctxtop_thread>, _ word: Int, _ by: UInt64 = 1) {
    guard let lane = thread.pointee.lane else { return }
    if thread.pointee.is_shared_lane == 0 { Words(lane).addOwned(word, by) } else { Words(lane).add(word, by) }
  }

  /// Raises a maximum in this thread's lane.
  @inline(__always)
  static func raise(_ thread: UnsafeMutablePointer<ctxtop_thread>, _ word: Int, to value: UInt64) {
    guard let lane = thread.pointee.lane else { return }
    if Words(lane).loadRelaxed(word) >= value { return }
    if thread.pointee.is_shared_lane == 0 {
      Words(lane).storeRelaxed(word, value)
    } else {
      Words(lane).raise(word, to: value)
    }
  }

  /// The record of a unit.
  @inline(__always)
  static func unit(_ thread: UnsafeMutablePointer<ctxtop_thread>) -> UnitRecord? {
    guard let unit = thread.pointee.unit else { return nil }
    return UnitRecord(Words(unit))
  }
}
