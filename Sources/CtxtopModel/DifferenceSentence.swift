// The conclusion of a comparison as one sentence, and what it rests on that is not known.

import CtxtopSnapshot

extension Difference {
  /// So many losses are named in one sentence.
  private static let longest = 4

  /// `leaked in between: 1 context in GET /q (1 worker)`, or `nothing leaked in between: 1,204 requests, 4 workers`.
  package var conclusion: String {
    var parts: [String] = []
    if !leaks.isEmpty { parts.append("leaked in between: \(Self.list(leaks))") }
    if let passing { parts.append(passing.phrase(andMore: !leaks.isEmpty)) }
    if !failures.isEmpty { parts.append("not torn down in between: \(Self.list(failures))") }
    if parts.isEmpty { parts.append("nothing leaked in between\(isCertain ? "" : " that is known"): \(traffic)") }
    if isRestarted { parts.append("the server was restarted") }
    return parts.joined(separator: "; ")
  }

  private static func list(_ losses: [Loss]) -> String {
    let rest = losses.dropFirst(longest).reduce(0) { $0 &+ $1.count }
    return losses.prefix(longest).map(\.phrase).joined(separator: "; ") + (rest > 0 ? "; and \(rest) more" : "")
  }

  /// `1,204 requests, 4 workers`.
  package var traffic: String {
    let requests = total(.requests)
    let count = UInt64(clamping: requests.change ?? 0)
    let workers = after.now.workers.count { $0.liveness.isPresent }
    return (requests.isAtLeast ? "at least " : "") + "\(Self.grouped(count)) \(count == 1 ? "request" : "requests"), "
      + Format.count(UInt64(workers), "worker", "workers")
  }

  /// Whether all that happened can be known.
  package var isCertain: Bool {
    isConfirmed && workers.allSatisfy(isKnown) && !Self.hasGrown(total(.eventsDropped)) && after.totals.unstable == 0
  }

  /// Of a worker that ended, what it left behind is not there to be seen: only its counter tells.
  private func isKnown(_ pair: WorkerPair) -> Bool {
    guard pair.fate == .exited || pair.fate == .died else { return pair.isKnown }
    return DifferenceNumber.contextsFound.change(pair, before, after).change != nil
  }

  /// What the conclusion does not say: one line each.
  package var notes: [String] {
    func count(_ fate: WorkerFate) -> UInt64 { UInt64(workers.count { $0.fate == fate }) }
    var notes: [String] = []
    func note(_ count: UInt64, _ one: String, _ many: String) {
      if count > 0 { notes.append("\(count) \(count == 1 ? one : many)") }
    }
    if !isConfirmed {
      notes.append(
        "the second moment is known by one pass alone: what leaked just before it cannot be told from what is in use")
    }
    if before.now.host != after.now.host { notes.append("two hosts: \(before.now.host) and \(after.now.host)") }
    note(
      count(.gone), "worker is gone, and with it what it held; what it did since the first moment is not known",
      "workers are gone, and with them what they held; what they did since the first moment is not known")
    note(count(.died), "worker died", "workers died")
    note(
      count(.exited), "worker ended, and with it went what it held", "workers ended, and with them went what they held")
    note(count(.started), "worker started", "workers started")
    note(
      count(.unseen), "worker is older than the first moment, which does not show it: what it did since is not known",
      "workers are older than the first moment, which does not show them: what they did since is not known")
    let dropped = total(.eventsDropped)
    if Self.hasGrown(dropped) {
      notes.append("\(dropped.change ?? 0) events could not be described, because a table of the agent was full")
    }
    note(UInt64(after.totals.unstable), "record could not be read", "records could not be read")
    return notes
  }

  private static func hasGrown(_ change: NumberChange) -> Bool { change.change ?? 0 > 0 }

  /// `1,204`.
  package static func grouped(_ number: UInt64) -> String {
    let digits = Array(String(number))
    return digits.enumerated().map { index, digit in
      (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digit)
    }.joined()
  }
}

extension Passing {
  /// `leaked in between, and gone since: 1 context and 2 connections at 2026-11-22T09:04:12Z`.
  fileprivate func phrase(andMore: Bool) -> String {
    var parts: [String] = []
    if contexts > 0 { parts.append(Format.count(UInt64(contexts), "context", "contexts")) }
    if connections > 0 { parts.append(Format.count(UInt64(connections), "connection", "connections")) }
    return (andMore ? "and " : "leaked in between, and ") + "gone since: " + parts.joined(separator: " and ") + " at "
      + Format.time(wallTime).prefix(19) + "Z"
  }
}

extension Loss {
  /// `1 context in GET /q (1 worker)`.
  package var phrase: String {
    "\(what) (\(Format.count(UInt64(workers.count), "worker", "workers")))"
  }

  private var what: String {
    switch kind {
    case .context:
      let contexts = Format.count(count, "context", "contexts")
      if owner.isEmpty { return contexts + (count == 1 ? " that is gone again" : " that are gone again") }
      if isRequest { return "\(contexts) in \(owner)" }
      return owner == Self.outside ? "\(contexts) \(owner)" : "\(contexts) pushed at \(owner)"
    case .connection:
      return "\(Format.count(count, "connection", "connections")) of \(name)" + taken
    case .session:
      let sessions = Format.count(count, "session", "sessions")
      return owner == Self.outside ? "\(sessions) \(owner)" : "\(sessions) of \(owner)"
    case .resource:
      return "\(name), which a worker held that died" + (owner.isEmpty ? "" : " in \(owner)")
    case .teardownFailure:
      return (name.isEmpty ? "a teardown function raised" : name) + " " + Format.count(count, "time", "times")
    case .vanishedContext:
      let contexts = Format.count(count, "context", "contexts")
      if owner.isEmpty { return "\(contexts) dropped without teardown" }
      return "\(contexts) \(owner == Self.outside ? owner : "of \(owner)") dropped without teardown"
    }
  }

  private var taken: String { owner.isEmpty ? "" : isRequest ? " in \(owner)" : " at \(owner)" }

  /// The owner of what was not pushed or taken by a request, nor at a place that is known.
  static let outside = "outside of a request"
}
