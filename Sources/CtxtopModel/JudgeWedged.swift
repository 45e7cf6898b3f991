// CTX008: a worker from which nothing comes any more, although something should.
//
//   stopped or traced              the kernel says so
//   uninterruptible sleep          the kernel has said so for over 5 s, and the process used no cpu time meanwhile
//   all in flight, nothing moves   every thread serves, none of those that do not stream had an event for 30 s, and
//                                  connections wait in the listen queue
//
// Where the listen queue cannot be read, the last is no verdict: the worker is *saturated*, which is a state. So it is
// under a server that takes connections it has no thread for: who waits is in a queue of its own.

import CtxtopSnapshot

/// Why a worker is wedged.
enum WedgedReason: Equatable, Sendable {
  case stopped(since: UInt64)
  case uninterruptible(since: UInt64)
  case nothingMoves(since: UInt64, waiting: UInt64)
}

/// How long a worker must show no progress.
private let sleepLimit: UInt64 = 5_000_000_000
private let stillLimit: UInt64 = 30_000_000_000

func wedged(_ worker: Worker, in snapshot: Snapshot) -> WedgedReason? {
  if let kernel = worker.kernel {
    switch kernel.state {
    case UInt8(ascii: "T"), UInt8(ascii: "t"): return .stopped(since: max(worker.heartbeat, worker.attached))
    case UInt8(ascii: "D") where kernel.since != 0 && snapshot.age(of: kernel.since, when: worker) > sleepLimit:
      return .uninterruptible(since: kernel.since)
    default: break
    }
  }
  guard let waiting = worker.kernel?.listenQueue, waiting > 0, let since = stillSince(worker, in: snapshot) else {
    return nil
  }
  return .nothingMoves(since: since, waiting: waiting)
}

/// Whether all of a worker's threads are in requests that do not move, and it cannot be told whether anybody waits.
func isSaturated(_ worker: Worker, in snapshot: Snapshot) -> Bool {
  (worker.kernel?.listenQueue == nil || worker.acceptsAhead) && stillSince(worker, in: snapshot) != nil
}

extension Worker {
  /// Whether the server accepts more connections than it has threads.
  fileprivate var acceptsAhead: Bool { server.model == "gthread" }
}

/// When the last of its requests moved, if all threads serve and none has moved for long; streams aside.
private func stillSince(_ worker: Worker, in snapshot: Snapshot) -> UInt64? {
  guard let capacity = worker.capacity, worker.inFlight >= capacity else { return nil }
  var latest: UInt64?
  for unit in worker.units {
    guard let request = unit.request, !request.isStreaming, !unit.isGone else { continue }
    // Where only the worker's last event is known, it may have been this unit's.
    let event = unit.lastEvent > 0 ? unit.lastEvent : worker.lastEvent ?? 0
    latest = max(latest ?? 0, max(event, request.started))
  }
  guard let latest, snapshot.age(of: latest, when: worker) > stillLimit else { return nil }
  return latest
}

extension Subject {
  func isWedged(_ reason: WedgedReason) -> Verdict {
    var verdict = Verdict(.workerWedged, worker, at: index)
    let since: UInt64
    switch reason {
    case .stopped(let time):
      since = time
      let isTraced = worker.kernel?.state == UInt8(ascii: "t")
      verdict.statement = isTraced ? "stopped by a debugger" : "stopped by a signal"
    case .uninterruptible(let time):
      since = time
      verdict.statement = "in uninterruptible sleep for \(Format.age(snapshot.age(of: time)))"
    case .nothingMoves(let time, let waiting):
      since = time
      verdict.statement =
        "all \(worker.inFlight) requests stand still for \(Format.age(snapshot.age(of: time))) and "
        + "\(Format.count(waiting, "connection waits", "connections wait")) to be accepted"
    }
    if let oldest = worker.oldestRequest {
      verdict.statement += "; oldest request \(oldest.label.text), \(Format.age(snapshot.age(of: oldest.started)))"
    }
    verdict.since = since > 0 ? snapshot.wallTime(of: since) : nil
    verdict.evidence = [
      Evidence("kernel_state", worker.kernel.map { String(UnicodeScalar($0.state)) } ?? ""),
      Evidence("in_flight", String(worker.inFlight)),
      Evidence("listen_queue", worker.kernel?.listenQueue.map { String($0) } ?? ""),
      Evidence("oldest_request", worker.oldestRequest?.label.text ?? ""),
    ]
    verdict.evidence.removeAll { $0.value.isEmpty }
    return verdict
  }
}
