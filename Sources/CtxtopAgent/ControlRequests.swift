// What clients ask to be done: who may, what comes of it, and that it is known afterwards - in the segment, for
// whoever looks, and in a line of the server's log.
//
// The line is written by the agent's own thread to what was the standard error when it started, and only if it can be
// at once. A client that asks in a loop does not fill the log: so many lines in so much time, and how many are missing.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
  import CtxtopSnapshot
#endif

/// The requests of the control level. Agent's thread only.
struct ControlRequests: ~Copyable {
  private static let linesAtOnce = 8
  private static let pause: UInt64 = 10_000_000_000

  /// An application that closes all descriptors may open a file of its own as number 2.
  private let log = try? FileIdentity(of: 2)
  private var line = ByteSink(capacity: 256)
  private var lines = 0
  private var begun: UInt64 = 0
  private var missing: UInt64 = 0

  /// Has the worker with this pid replaced, if the client may ask for that; the answer, as a line. Nobody has the pid
  /// 0: who asks for it wants to know what it may do, which is not an action.
  @inline(never)
  mutating func answer(
    _ client: ExporterClient, recycle pid: UInt64, _ service: Service, at now: UInt64
  ) -> StaticString {
    let outcome = outcome(client, pid, service, at: now)
    if pid != 0 {
      let number = UInt32(truncatingIfNeeded: pid)
      let process = UInt32(bitPattern: max(client.peer, 0))
      ActionRing.note(outcome, worker: number, user: client.user, pid: process, in: service.file.header)
      log(outcome.answer, pid, client, at: now)
    }
    return outcome.answer
  }

  private func outcome(
    _ client: ExporterClient, _ pid: UInt64, _ service: Service, at now: UInt64
  ) -> ActionOutcome {
    switch client.level {
    case .uncontrolled: .notControlled
    case .read: .onlyLook
    case .control: RecycleRequest.perform(pid, service, at: now)
    }
  }

  private mutating func log(_ answer: StaticString, _ pid: UInt64, _ client: ExporterClient, at now: UInt64) {
    settle(at: now)
    line.rewind(to: 0)
    line.text("ctxtop: recycle ")
    line.decimal(pid)
    line.text(" for user ")
    line.decimal(UInt64(client.user))
    line.text(", process ")
    line.decimal(UInt64(UInt32(bitPattern: max(client.peer, 0))))
    line.text(": ")
    line.text(answer)
    if !write() { missing &+= 1 }
  }

  /// Tells of the lines that were left out, when there may be lines again.
  mutating func settle(at now: UInt64) {
    if now &- begun < Self.pause { return }
    begun = now
    lines = 0
    if missing == 0 { return }
    line.rewind(to: 0)
    line.text("ctxtop: requests that are not in this log: ")
    line.decimal(missing)
    line.text("\n")
    if write() { missing = 0 }
  }

  /// Whether the line is in the log.
  private mutating func write() -> Bool {
    lines &+= 1
    guard lines <= Self.linesAtOnce, let log, let there = try? FileIdentity(of: 2), there.isSame(as: log) else {
      return false
    }
    return line.withBytes { ctxtop_write_at_once(2, $0.baseAddress!, $0.count) } == 1
  }
}

extension ActionOutcome {
  /// The answer to whoever asked.
  fileprivate var answer: StaticString {
    switch self {
    case .accepted: "ok: the worker goes when its turn has come and no request has been open for long\n"
    case .notControlled: "refused: the app is not to be controlled; CTXTOP_CONTROL=1 in its configuration allows it\n"
    case .onlyLook:
      "refused: you may only look; root, the app's own user and members of the group that controls may do this\n"
    case .noWorker: "refused: no live worker of this app has that pid; json tells which ones have\n"
    case .severalWorkers: "refused: workers in several containers have that pid; ask in the container of the one\n"
    case .cannotReplace: "refused: its server cannot replace a single worker gracefully; restart the server\n"
    case .stopped: "refused: the worker or its agent is stopped; let it continue, or end it by hand\n"
    }
  }
}
