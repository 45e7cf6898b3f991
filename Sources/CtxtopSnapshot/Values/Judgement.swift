// What the operator concluded from the facts, in the form in which it is printed. The guest never fills
// this in (NoJudgement.swift); it is here because one encoder prints facts and conclusions (SnapshotJSON).

/// Conclusions about one snapshot; CtxtopModel makes them.
public struct Judgement: Equatable, Sendable {
  /// One for each worker of the snapshot, in its order.
  public var workers: [JudgedWorker]
  /// The verdicts, worst first.
  public var verdicts: [JudgedVerdict]
  /// The target of each action of the snapshot, in its order; nil where one service is watched.
  public var actions: [String?]

  /// A judgement of the given parts.
  public init(workers: [JudgedWorker] = [], verdicts: [JudgedVerdict] = [], actions: [String?] = []) {
    self.workers = workers
    self.verdicts = verdicts
    self.actions = actions
  }
}

/// Conclusions about one worker. The arrays are in the order of the worker's own.
public struct JudgedWorker: Equatable, Sendable {
  /// The worker's state: `ok`, `busy`, `leaking`, ...
  public var state: String
  /// Share of one processor over the interval; nil where there was none.
  public var cpuPercent: Double?
  /// Contexts that are leaked now.
  public var leaked: UInt64
  /// The state of each unit.
  public var units: [String]
  /// The state of each context of each unit.
  public var contexts: [[String]]
  /// The state of each connection.
  public var connections: [String]
  /// The target that it belongs to, where several are watched.
  public var target: String?

  /// Conclusions of the given parts.
  public init(
    state: String, cpuPercent: Double? = nil, leaked: UInt64 = 0, units: [String] = [], contexts: [[String]] = [],
    connections: [String] = [], target: String? = nil
  ) {
    self.state = state
    self.cpuPercent = cpuPercent
    self.leaked = leaked
    self.units = units
    self.contexts = contexts
    self.connections = connections
    self.target = target
  }
}

/// A verdict as it is printed.
public struct JudgedVerdict: Equatable, Sendable {
  /// `CTX001`, ...
  public var code = ""
  /// The code's name, e.g. `context left behind`.
  public var name = ""
  /// `notice`, `warning` or `critical`.
  public var severity = ""
  /// The worker's process id.
  public var worker: Int32 = 0
  /// The target that the worker belongs to, where several are watched.
  public var target: String?
  /// The unit's index.
  public var unit: Int?
  /// The context's serial number.
  public var context: UInt64?
  /// The connection's index.
  public var connection: Int?
  /// The session's index.
  public var session: Int?
  /// Since when: nanoseconds since 1970; nil where not known.
  public var since: UInt64?
  /// How often, or how many.
  public var count: UInt64 = 0
  /// One sentence: what is wrong, where, since when.
  public var message = ""
  /// What to do about it.
  public var remedy = ""
  /// What the verdict rests on.
  public var evidence: [Evidence] = []

  /// A verdict of which nothing is said yet.
  public init() {}
}

/// One thing that a verdict rests on.
public struct Evidence: Equatable, Sendable {
  /// What it is, in lower case with underscores.
  public var key: String
  /// Its value as text.
  public var value: String

  /// A piece of evidence.
  public init(_ key: String, _ value: String) {
    self.key = key
    self.value = value
  }
}
