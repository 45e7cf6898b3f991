// What the agent's thread waits for, in memory that is allocated once.

import CCtxtop

/// Descriptors for one poll and, after it, what happened on them.
struct PollList: ~Copyable {
  /// The agent's own, the listener, and as many clients as there may be.
  private static let capacity = 3 + Exporter.clientLimit
  private let base = UnsafeMutablePointer<pollfd>.allocate(capacity: capacity)
  private var count = 0

  deinit { base.deallocate() }

  mutating func clear() { count = 0 }

  /// Adds a descriptor; one more than fit is not waited for.
  @inline(never)
  mutating func add(_ descriptor: Int32, _ events: Int16 = Int16(POLLIN)) {
    guard count < Self.capacity else { return }
    base[count] = pollfd(fd: descriptor, events: events, revents: 0)
    count &+= 1
  }

  /// What happened on the descriptor that was added as the `index`th; 0 behind the last.
  func events(_ index: Int) -> Int16 { index < count ? base[index].revents : 0 }

  /// Sleeps until something happens, at most so many milliseconds. A sleep that was cut short tells of nothing.
  func sleep(_ milliseconds: UInt64) {
    if CCtxtop.poll(base, UInt(count), Int32(min(milliseconds, 60_000))) >= 0 { return }
    // No memory, or a limit below the number of descriptors: it may stay so, and must not become a busy loop.
    if ctxtop_errno() != EINTR { _ = CCtxtop.poll(nil, 0, 100) }
    for index in 0..<count { base[index].revents = 0 }
  }
}
