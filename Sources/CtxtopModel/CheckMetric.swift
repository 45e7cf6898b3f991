// What `ctxtop check` can hold against a threshold: one table for thresholds, performance data and help.

import CtxtopSnapshot

/// What is known of an app when it is checked.
package struct CheckFacts: Sendable {
  /// The app.
  package let model: Model
  /// Teardown functions that raised, per minute.
  package let failures: CheckValue
  /// Whether two passes agreed; else what joins two records may be missing.
  package let isConfirmed: Bool
  /// Whether this is how it was, and not how it is.
  package let isPast: Bool

  /// Facts of the given parts.
  package init(model: Model, failures: CheckValue, isConfirmed: Bool, isPast: Bool = false) {
    self.model = model
    self.failures = failures
    self.isConfirmed = isConfirmed
    self.isPast = isPast
  }

  /// A number that one pass alone shows too small.
  fileprivate func joined(_ count: Int) -> CheckValue {
    CheckValue(from: Double(count), to: isConfirmed ? Double(count) : nil)
  }

  /// Workers that died, as far as the server has fewer than it shall have; all of them where it does not say.
  fileprivate var deadWorkers: CheckValue {
    let dead = workers([.dead], orPerhaps: [.unknown])
    guard let wanted = model.now.workers.last(where: { $0.liveness.isPresent })?.server.workers, wanted > 0 else {
      return dead
    }
    let missing = max(0, Double(wanted) - Double(model.totals.workers))
    return CheckValue(from: min(dead.low, missing), to: dead.high.map { min($0, missing + $0 - dead.low) })
  }

  /// How many workers are in one of these states, and how many may be.
  fileprivate func workers(_ states: Set<WorkerState>, orPerhaps others: Set<WorkerState> = []) -> CheckValue {
    let all = model.conditions
    let count = all.count { states.contains($0.state) }
    return CheckValue(from: Double(count), to: Double(count + all.count { others.contains($0.state) }))
  }
}

/// A number that can have thresholds.
package struct CheckMetric: Sendable {
  /// Its name in thresholds and in performance data.
  package let name: String
  /// What it counts.
  package let meaning: String
  /// Whether it is a time in seconds.
  package let isTime: Bool
  /// Whether it is in the performance data also without a threshold.
  package let isUsual: Bool
  /// What it is.
  package let value: @Sendable (CheckFacts) -> CheckValue

  private init(
    _ name: String, _ meaning: String, isTime: Bool = false, isUsual: Bool = true,
    value: @escaping @Sendable (CheckFacts) -> CheckValue
  ) {
    self.name = name
    self.meaning = meaning
    self.isTime = isTime
    self.isUsual = isUsual
    self.value = value
  }

  /// Reads a range of its values.
  package func range(_ text: Substring) -> CheckRange? {
    CheckRange(text, number: isTime ? CheckRange.seconds : CheckRange.number)
  }

  /// All of them.
  package static let all: [CheckMetric] = usual + bySeverity + byCode

  private static let usual = [
    CheckMetric("leaked", "contexts left behind") { $0.joined(Int($0.model.totals.contextsLeaked)) },
    CheckMetric("connections", "connections that nobody is left to return") {
      $0.joined(Int($0.model.totals.connectionsLeaked))
    },
    CheckMetric("sessions", "sessions that are there without their context") { facts in
      let left = facts.model.verdicts.filter { $0.code == .orphanSession }
      return facts.joined(left.count { !facts.model.hasEnded($0) })
    },
    CheckMetric("oldest", "age of the oldest checkout, or of a held lock: 60s, 5m, 1h", isTime: true) {
      CheckValue(Double($0.model.longestHolding) / 1e9)
    },
    CheckMetric("failures", "teardown functions that raised, per minute") { $0.failures },
    CheckMetric("reused", "contexts on which requests run that did not push them") {
      CheckValue(Double($0.model.conditions.reduce(0) { $0 + $1.reusedContexts }))
    },
    CheckMetric("dead", "workers that died, and whose place nobody has taken") {
      $0.deadWorkers
    },
    CheckMetric("wedged", "workers that are stopped, or stand still while requests wait") {
      $0.workers([.wedged, .stopped], orPerhaps: [.saturated, .stale, .unknown])
    },
    CheckMetric("workers", "workers that are there") { CheckValue(Double($0.model.totals.workers)) },
  ]

  private static let bySeverity = Severity.allCases.map { severity in
    CheckMetric(severity.rawValue, "\(severity.rawValue) verdicts", isUsual: severity != .notice) { facts in
      facts.joined(facts.model.verdicts.count { $0.severity == severity })
    }
  }

  private static let byCode = VerdictCatalogue.all.map { code, entry in
    CheckMetric(code.rawValue, "verdicts of this code: \(entry.name)", isUsual: false) { facts in
      facts.joined(facts.model.verdicts.count { $0.code == code })
    }
  }

  /// The metric that a user names.
  package static func named(_ name: some StringProtocol) -> CheckMetric? {
    let code = VerdictCatalogue.code(named: String(name))?.rawValue
    return all.first { $0.name == name || (name.uppercased().hasPrefix("CTX") && $0.name == code) }
  }
}

extension Model {
  /// How long the longest holder has had a connection or a lock, in nanoseconds; 0 where nobody has one.
  package var longestHolding: UInt64 {
    var longest = totals.oldestCheckout ?? 0
    for index in now.workers.indices where now.workers[index].liveness.isPresent {
      for resource in now.workers[index].resources where resource.state == .held {
        longest = max(longest, now.age(of: resource.since))
      }
    }
    return longest
  }

  /// Whether the session of a verdict has ended since.
  fileprivate func hasEnded(_ verdict: Verdict) -> Bool {
    now.workers[verdict.workerIndex].sessions.first { $0.id == verdict.session }?.hasEnded ?? false
  }
}
