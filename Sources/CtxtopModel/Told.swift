// Verdicts that were concluded before and written down, read back: Judged.swift the other way round. What the text of a
// verdict does not say - which of a worker's failures it is about - is found by what it says of it.

import CtxtopSnapshot

extension Verdict {
  /// The verdicts on a snapshot, in the order in which they were written. One whose code or worker is not known is
  /// left out: who reads them from a file refuses such a file.
  static func told(_ verdicts: [JudgedVerdict], of snapshot: Snapshot) -> [Verdict] {
    let workers = Dictionary(grouping: snapshot.workers.indices) { ToldWorker(snapshot.workers[$0]) }
    var parts = ToldParts()
    return verdicts.compactMap { told in
      guard let code = VerdictCode(rawValue: told.code), let candidates = workers[ToldWorker(told)] else { return nil }
      // A slot may still show who had the same process id before.
      let isOfTheDead = code == .diedHolding
      let index = candidates.first { (snapshot.workers[$0].liveness == .dead) == isOfTheDead } ?? candidates[0]
      var verdict = Verdict(told, code, snapshot.workers[index], at: index)
      parts.find(for: &verdict, in: snapshot.workers[index])
      return verdict
    }
  }

  private init(_ told: JudgedVerdict, _ code: VerdictCode, _ worker: Worker, at index: Int) {
    self.init(code, worker, at: index)
    severity = Severity(rawValue: told.severity) ?? code.entry.severity
    unit = told.unit
    context = told.context
    connection = told.connection
    session = told.session
    since = told.since
    count = told.count
    evidence = told.evidence
    // A target's name may hold whatever stands on a command line.
    let name = target.map { $0 + " " } ?? ""
    let prefix = told.message.hasPrefix(name) ? name : ""
    let parts = told.message.dropFirst(prefix.count).split(
      separator: ": ", maxSplits: 1, omittingEmptySubsequences: false)
    subject = prefix + parts[0]
    statement = parts.count > 1 ? String(parts[1]) : ""
  }
}

/// By what the text of a verdict names a worker.
private struct ToldWorker: Hashable {
  let target: String?
  let pid: Int32

  init(_ worker: Worker) { (target, pid) = (worker.target, worker.pid) }
  init(_ verdict: JudgedVerdict) { (target, pid) = (verdict.target, verdict.worker) }
}

/// Which failures and vanished contexts verdicts were found for already: of two that are alike, each has one.
private struct ToldParts {
  private struct Key: Hashable {
    let worker: Int
    let code: VerdictCode
    let name: String
    let count: UInt64
    let first: UInt64
  }

  private var failures: [Key: [Int]] = [:]
  private var known: Set<Int> = []

  mutating func find(for verdict: inout Verdict, in worker: Worker) {
    let index = verdict.workerIndex
    if known.insert(index).inserted { add(worker, index) }
    func taken(_ name: String) -> Int? {
      let key = Key(
        worker: index, code: verdict.code, name: name, count: verdict.count, first: verdict.since ?? 0)
      return failures[key]?.popLast()
    }
    func said(_ key: String) -> String { verdict.evidence.first { $0.key == key }?.value ?? "" }
    switch verdict.code {
    case .teardownFailed: verdict.failure = taken(said("function"))
    case .contextVanished: verdict.vanished = taken(said("frame"))
    case .hazard: verdict.hazard = said("hazard")
    default: break
    }
  }

  /// The last first: they are taken from the end.
  private mutating func add(_ worker: Worker, _ index: Int) {
    for (place, failure) in worker.failures.enumerated().reversed() {
      let key = Key(
        worker: index, code: .teardownFailed, name: failure.function, count: failure.count, first: failure.first)
      failures[key, default: []].append(place)
    }
    for (place, one) in worker.vanished.enumerated().reversed() {
      let key = Key(worker: index, code: .contextVanished, name: one.frame, count: one.count, first: one.first)
      failures[key, default: []].append(place)
    }
  }
}
