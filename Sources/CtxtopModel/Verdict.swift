// Verdicts: named conclusions with their evidence. Judged by the state of the owner and never by a
// timeout: slow is not leaked.
//
// A verdict that joins two records, say a context and a request, could be made of two moments that never
// were one. Such a verdict holds only if the same records, of the same generations, say the same in two
// snapshots at least 50 ms apart. So a single snapshot yields only verdicts of which one record is enough.

import CtxtopSnapshot

/// How bad it is.
package enum Severity: String, Sendable, CaseIterable {
  case critical, warning, notice

  /// The level in which it is shown.
  package var level: StateLevel {
    switch self {
    case .critical: .critical
    case .warning: .warning
    case .notice: .notice
    }
  }
}

/// One conclusion.
package struct Verdict: Equatable, Sendable {
  /// Which one.
  package var code: VerdictCode
  /// Index of the worker in the snapshot that was judged.
  package var workerIndex: Int
  /// The worker's process id.
  package var pid: Int32
  /// The target that it belongs to, where several are watched.
  package var target: String?
  /// The worker's slot.
  package var slot: Int
  /// The worker's generation.
  package var generation: UInt64
  /// The unit's index, where it is about one.
  package var unit: Int?
  /// The context's serial number, where it is about one.
  package var context: UInt64?
  /// The connection's index, where it is about one, or the first of several.
  package var connection: Int?
  /// The index of the failure in its worker, where it is about one.
  package var failure: Int?
  /// The session's index, where it is about one.
  package var session: Int?
  /// The index among the contexts that vanished, where it is about one.
  package var vanished: Int?
  /// The hazard's code, where it is about one.
  package var hazard: String?
  /// How bad it is: as its code says, or worse.
  package var severity: Severity
  /// Since when: nanoseconds since 1970.
  package var since: UInt64?
  /// How often, or how many.
  package var count: UInt64 = 1
  /// Whom it is about: `worker 4312 thread 7`.
  package var subject = ""
  /// What is wrong with it, since when.
  package var statement = ""
  /// What it rests on.
  package var evidence: [Evidence] = []

  /// One sentence that stands by itself: whom it is about, what is wrong, since when.
  package var message: String { statement.isEmpty ? subject : "\(subject): \(statement)" }
  /// The code's name.
  package var name: String { code.entry.name }
  /// What to do.
  package var remedy: String { code.entry.remedy }

  init(_ code: VerdictCode, _ worker: Worker, at index: Int) {
    self.code = code
    severity = code.entry.severity
    workerIndex = index
    pid = worker.pid
    subject = worker.fullName
    target = worker.target
    slot = worker.slot
    generation = worker.generation
  }
}

/// The verdicts on a snapshot, worst first. `earlier` confirms those that join two records; without it,
/// or when it is less than 50 ms older, they are not reported.
package func judge(_ now: Snapshot, confirming earlier: Snapshot?) -> [Verdict] {
  Findings(now, confirming: earlier).verdicts
}
