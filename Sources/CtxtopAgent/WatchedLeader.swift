// How a follower notices the leader's end at once, instead of asking.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

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

  /// A worker's pid, if it means the same to us: same pid namespace, and the process that it names started when
  /// the worker did.
  static func pid(of slot: Int, _ service: Service, _ pidNamespace: UInt64) -> Int32? {
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
