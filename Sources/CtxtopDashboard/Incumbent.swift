// A worker, and who takes its place when its server replaces it.

import CtxtopModel
import CtxtopSnapshot

/// A worker that another one may take the place of.
struct Incumbent: Equatable, Sendable {
  /// What became of it.
  enum Fate {
    case present(Worker)
    /// Nobody has come yet.
    case gone
    case replaced(by: Worker)
  }

  /// One process, also across a restart of the server, where slots begin anew.
  private struct Process: Hashable {
    let pid: Int32
    let started: UInt64

    init(_ worker: Worker) { (pid, started) = (worker.pid, worker.started) }
  }

  /// Its slot, and which tenant of it.
  let worker: WorkerKey
  /// Its process id.
  let pid: Int32
  /// What it is called: `worker 4312`.
  let name: String
  /// The target that it belongs to, where several are watched: only who belongs to the same takes its place.
  private let target: String?
  /// Its number as its server counts; nil: it does not.
  private let number: Int?
  private let process: Process
  /// Who was there when it was seen last: none of them takes its place.
  private var others: Set<Process> = []
  /// The numbers that the others have had: a server that gives a number again keeps it for the same place.
  private var numbers: Set<Int> = []

  init(_ worker: Worker, among workers: [Worker]) {
    self.worker = worker.key
    pid = worker.pid
    name = worker.fullName
    target = worker.target
    number = worker.number
    process = Process(worker)
    remember(workers)
  }

  /// Whether it is the worker of a process id in a target.
  func isNamed(_ pid: Int32, _ target: String?) -> Bool { self.pid == pid && self.target == target }

  /// What became of it. Servers start the one that takes its place after it has gone.
  mutating func look(at workers: [Worker]) -> Fate {
    let present = workers.filter { $0.liveness.isPresent && $0.target == target }
    if let current = present.first(where: { $0.key == worker && Process($0) == process }) {
      remember(present)
      return .present(current)
    }
    let new = present.filter { !others.contains(Process($0)) }
    if let number, let heir = new.first(where: { $0.number == number }) { return .replaced(by: heir) }
    // gunicorn numbers its workers as they come, others do not number them: then it is the first that is new.
    let heirs = new.filter { $0.number.map { !numbers.contains($0) } ?? true }
    return heirs.min { $0.started < $1.started }.map { .replaced(by: $0) } ?? .gone
  }

  /// Somebody has taken another one's place.
  mutating func exclude(_ heir: Worker) { others.insert(Process(heir)) }

  private mutating func remember(_ workers: [Worker]) {
    let workers = workers.filter { $0.target == target }
    others = Set(workers.filter(\.liveness.isPresent).map { Process($0) })
    numbers.formUnion(workers.compactMap(\.number).filter { $0 != number })
  }
}
