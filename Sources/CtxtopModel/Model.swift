// What the program knows of a service: two snapshots and everything that follows from them. Pure: no
// file, no clock, no terminal.
//
//   Model.swift          the whole, from two snapshots
//   Rates.swift          differences of two snapshots: the only place
//   Verdict.swift, VerdictCatalogue.swift, Judge*.swift    conclusions; one file per kind of verdict
//   States.swift, Condition.swift                          the states of workers, units, contexts, connections
//   Told.swift           conclusions that were drawn before, and are read back
//   Totals.swift         the service's summary
//   WorkerRow.swift, UnitRow.swift, ...                    the rows of each table, in their usual order
//   WorkerColumns.swift, UnitColumns.swift, ...            the tables: one descriptor each
//   RowIdentity.swift, Lookup.swift, Hierarchy.swift       who a row is, where it is now, what it belongs to
//   Column.swift, Value.swift, Format.swift                what tables are made of, and how values look
//   Difference.swift     two models compared, for `diff`
//   Check.swift          one model against thresholds, for `check`

import CtxtopSnapshot

/// A service at one moment, with the moment before to compare with. Immutable; a class, so that a row of any table is
/// one reference and a few indices.
package final class Model: Sendable {
  /// The newer snapshot.
  package let now: Snapshot
  /// The older one; nil on the first pass.
  package let earlier: Snapshot?
  /// Rates over the time between the two.
  package let rates: Rates
  /// Conclusions, worst first.
  package let verdicts: [Verdict]
  /// What is concluded about each worker of `now`, in its order.
  package let conditions: [WorkerCondition]
  /// The service's summary.
  package let totals: Totals

  /// Whether another pass, far enough away, says the same: what joins two records is then told, and else may be missing.
  package let isConfirmed: Bool

  /// Whether the conclusions are those of whoever wrote a document.
  package var isTold: Bool { rates.isTold }

  /// What is concluded from two snapshots needs so many nanoseconds between them.
  package static var confirmationInterval: UInt64 { Findings.confirmationInterval }

  /// Judges `now` and compares it with `earlier`. Without an earlier snapshot, or with one that is less
  /// than 50 ms older, there are no verdicts that join two records: see `judge`.
  package init(now: Snapshot, earlier: Snapshot? = nil) {
    self.now = now
    self.earlier = earlier
    isConfirmed = earlier.map { now.monotonicTime >= $0.monotonicTime &+ Self.confirmationInterval } ?? false
    rates = Rates(from: earlier, to: now)
    let findings = Findings(now, confirming: earlier)
    verdicts = findings.verdicts
    conditions = now.workers.indices.map { WorkerCondition(now, worker: $0, findings: findings.workers[$0]) }
    totals = Totals(now, rates: rates, conditions: conditions)
  }

  /// What was concluded before, and is told: nothing is judged. Of the rates, only the processor's is known.
  package init(now: Snapshot, judgement: Judgement) {
    self.now = now
    earlier = nil
    isConfirmed = true
    verdicts = Verdict.told(judgement.verdicts, of: now)
    let judged: [JudgedWorker?] = now.workers.indices.map { $0 < judgement.workers.count ? judgement.workers[$0] : nil }
    conditions = now.workers.indices.map { WorkerCondition(now.workers[$0], told: judged[$0]) }
    rates = Rates(toldPercents: judged.map { $0?.cpuPercent }, of: now)
    totals = Totals(now, rates: rates, conditions: conditions)
  }

  /// Judges `now` with another pass that confirms it: before it or after it, and as far away as it needs to be. The
  /// rates are not known.
  init(now: Snapshot, witness: Snapshot) {
    self.now = now
    earlier = nil
    isConfirmed = true
    rates = Rates(from: nil, to: now)
    let findings = Findings(now, witness: witness)
    verdicts = findings.verdicts
    conditions = now.workers.indices.map { WorkerCondition(now, worker: $0, findings: findings.workers[$0]) }
    totals = Totals(now, rates: rates, conditions: conditions)
  }
}
