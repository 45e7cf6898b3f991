// What changes in a worker that does nothing: signs of life, and what only the kernel knows.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

package enum SlotPulse {
  /// After this long without a sign of life, the kernel is asked about a worker.
  private static let staleHeartbeat: UInt64 = 1_200_000_000

  /// Whether the tenant has lost its lock, and may live nevertheless: it cannot be seen that it does not.
  static func isUncertain(_ control: Words) -> Bool {
    control.load(CTXTOP_SLOT_LOCK_LOST) != 0 && !SlotClaim.isAbandoned(control)
  }

  /// Writes the pulse that follows a worker's block.
  package static func write(
    _ control: Words, _ liveness: Liveness, pidNamespace: UInt64, at now: UInt64, to out: inout ByteSink
  ) {
    let kernel = liveness == .dead ? nil : sample(control, pidNamespace: pidNamespace, at: now)
    let draining = control.load(CTXTOP_SLOT_DRAINING)
    out.pulse(liveness, control.load(CTXTOP_SLOT_HEARTBEAT), kernel, draining: draining == 0 ? nil : draining)
  }

  /// What the worker told last, or the kernel where it has not told for a while.
  private static func sample(_ control: Words, pidNamespace: UInt64, at now: UInt64) -> KernelSample? {
    let state = control.load(CTXTOP_SLOT_KERNEL_STATE)
    let heartbeat = control.load(CTXTOP_SLOT_HEARTBEAT)
    if now &- min(heartbeat, now) <= staleHeartbeat {
      guard state > 0, state < 128 else { return nil }
      let queue = control.load(CTXTOP_SLOT_LISTEN_QUEUE)
      return KernelSample(
        state: UInt8(state), residentBytes: control.load(CTXTOP_SLOT_RESIDENT),
        cpuTime: control.load(CTXTOP_SLOT_CPU), time: control.load(CTXTOP_SLOT_SAMPLED),
        since: control.load(CTXTOP_SLOT_KERNEL_SINCE), listenQueue: queue == 0 ? nil : queue &- 1)
    }
    let pid = Int32(bitPattern: control.load(CTXTOP_SLOT_PID).low)
    guard pidNamespace != 0, control.load(CTXTOP_SLOT_PID_NAMESPACE) == pidNamespace,
      let status = ProcessStatus(of: pid), status.startTicks == control.load(CTXTOP_SLOT_START_TICKS)
    else { return nil }
    return status.sample(at: now)
  }
}

/// The host's name.
package enum HostName {
  /// Bytes that its name takes, with a zero behind it.
  package static let capacity = 65

  /// The name in the given memory of that many bytes.
  package static func read(into memory: UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer {
    memset(memory.baseAddress!, 0, capacity)
    let name = memory.assumingMemoryBound(to: CChar.self).baseAddress!
    let isKnown = gethostname(name, capacity - 1) == 0
    return UnsafeRawBufferPointer(start: name, count: isKnown ? strlen(name) : 0)
  }
}
