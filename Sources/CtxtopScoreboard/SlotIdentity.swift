// What a worker says of itself, and the signs of life that its agent thread leaves in the slot.

import CCtxtop

/// A worker's identity, as it will stand in its slot; text as bytes, numbers nil where not known.
package struct WorkerIdentity: Sendable {
  package var number: UInt32 = none32
  package var instance: UInt64 = 0
  package var workers: UInt32 = none32
  package var threads: UInt32 = none32
  package var serverKind = ""
  package var serverModel = ""
  package var serverVersion = ""
  package var python = ""
  package var flask = ""
  package var werkzeug = ""
  package var sqlalchemy = ""
  package init() {}
}

extension Slot {
  /// Writes who the tenant is and opens the slot to readers.
  package func moveIn(_ identity: WorkerIdentity, names: NameTable, agentVersion: String, at now: UInt64) {
    let status = ProcessStatus(of: getpid())
    let startTicks = status?.startTicks ?? 0
    control.store(CTXTOP_SLOT_START_TICKS, startTicks)
    control.store(CTXTOP_SLOT_STARTED, Self.startTime(ticks: startTicks, now: now))
    control.store(CTXTOP_SLOT_ATTACHED, now)
    control.store(CTXTOP_SLOT_PID_NAMESPACE, ProcessStatus.pidNamespace())
    control.store(CTXTOP_SLOT_ATTACHED_WALL, Clock.wall())
    control.store(CTXTOP_SLOT_TIME_NAMESPACE, ProcessStatus.timeNamespace())
    describe(identity, names: names, agentVersion: agentVersion)
    beat(at: now)
    sample(status, at: now)
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    control.store(CTXTOP_SLOT_TENANT, Words.pack(Tenancy.live, tenant.high))
  }

  /// Writes what the tenant says of itself, at first or again when it knows more.
  package func describe(_ identity: WorkerIdentity, names: NameTable, agentVersion: String) {
    let server = Words.pack(names.number(of: identity.serverKind), names.number(of: identity.serverModel))
    let versions = Words.pack(names.number(of: identity.serverVersion), names.number(of: agentVersion))
    let runtime = Words.pack(names.number(of: identity.python), names.number(of: identity.flask))
    let libraries = Words.pack(names.number(of: identity.werkzeug), names.number(of: identity.sqlalchemy))
    let guarded = control.advanced(by: CTXTOP_SLOT_CHANGE)
    ChangeCount.beginOwned(guarded)
    control.store(CTXTOP_SLOT_PID, Words.pack(UInt32(bitPattern: getpid()), identity.number))
    control.store(CTXTOP_SLOT_INSTANCE, identity.instance)
    control.store(CTXTOP_SLOT_SIZE, Words.pack(identity.workers, identity.threads))
    control.store(CTXTOP_SLOT_SERVER, server)
    control.store(CTXTOP_SLOT_SERVER_2, versions)
    control.store(CTXTOP_SLOT_RUNTIME, runtime)
    control.store(CTXTOP_SLOT_RUNTIME_2, libraries)
    ChangeCount.end(guarded)
  }

  /// Wall time of a process's start, from the kernel's ticks since boot.
  private static func startTime(ticks: UInt64, now: UInt64) -> UInt64 {
    let age = ticks == 0 ? 0 : Clock.boot() &- ticks &* 10_000_000
    return Clock.wall() &- age
  }

  /// The agent thread lives.
  package func beat(at now: UInt64) { control.store(CTXTOP_SLOT_HEARTBEAT, now) }

  /// What the kernel says of this process.
  package func sample(_ status: ProcessStatus?, at now: UInt64) {
    guard let status else { return }
    let state = control.load(CTXTOP_SLOT_KERNEL_STATE)
    if state != UInt64(status.state) || control.load(CTXTOP_SLOT_CPU) != status.cpuTime {
      control.store(CTXTOP_SLOT_KERNEL_SINCE, now)
    }
    control.store(CTXTOP_SLOT_KERNEL_STATE, UInt64(status.state))
    control.store(CTXTOP_SLOT_RESIDENT, status.residentBytes)
    control.store(CTXTOP_SLOT_CPU, status.cpuTime)
    control.store(CTXTOP_SLOT_SAMPLED, now)
  }

  /// How many connections wait to be accepted; negative: not known.
  package func noteListenQueue(_ waiting: Int64) {
    control.store(CTXTOP_SLOT_LISTEN_QUEUE, waiting < 0 ? 0 : UInt64(waiting) &+ 1)
  }

  /// The tenant says goodbye: the slot is free.
  package func moveOut() {
    let tenant = control.load(CTXTOP_SLOT_TENANT)
    control.store(CTXTOP_SLOT_TENANT, Words.pack(Tenancy.free, tenant.high))
  }
}
