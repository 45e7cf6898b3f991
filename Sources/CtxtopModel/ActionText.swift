// How it reads what somebody asked to be done.

import CtxtopSnapshot

extension ActionOutcome {
  /// The word that it has in JSON: a name of the schema, which is a contract.
  public var word: String {
    switch self {
    case .accepted: "accepted"
    case .notControlled: "not_controlled"
    case .onlyLook: "only_look"
    case .noWorker: "no_worker"
    case .severalWorkers: "several_workers"
    case .cannotReplace: "cannot_replace"
    case .stopped: "stopped"
    }
  }

  /// What came of it, for a person.
  public var meaning: String {
    switch self {
    case .accepted: "accepted"
    case .notControlled: "refused, the app is not to be controlled"
    case .onlyLook: "refused, that user may only look"
    case .noWorker: "refused, no live worker has that pid"
    case .severalWorkers: "refused, workers in several containers have that pid"
    case .cannotReplace: "refused, its server cannot replace a single worker"
    case .stopped: "refused, the worker or its agent is stopped"
    }
  }
}

extension ControlAction {
  /// What the kernel calls a user whom the agent's user namespace has no id for.
  private static let unmapped: UInt32 = 65_534

  /// Who asked: the ids are those of the host, or the container, that the app runs in, and so are not looked up here.
  public var client: String {
    let user =
      switch self.user {
      case 0: "root"
      case Self.unmapped: "nobody, or a user unknown there,"
      default: "user \(self.user)"
      }
    return pid == 0 ? "\(user) in a process that cannot be seen from there" : "\(user) in process \(pid)"
  }

  /// All of it but the time.
  public var sentence: String {
    let name = (target.map { "\($0) " } ?? "") + "worker \(worker)"
    return "\(client) asked for the replacement of \(name): \(outcome?.meaning ?? "what came of it is not known")"
  }
}
