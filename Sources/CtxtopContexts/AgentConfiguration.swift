// How the agent of this process is configured: by the server's code, then by the environment, which has the last word.
// The variables are those of the agent in Flask.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard

/// What the agent is told of its server. Numbers: nil is not known.
public struct AgentConfiguration: Sendable {
  /// Whether there is an agent at all (CTXTOP_ENABLED).
  public var isEnabled = true
  /// The service's name; all workers of one server have the same (CTXTOP_NAME). Nil: the app's.
  public var name: String?
  /// Where segment and socket lie (CTXTOP_DIR). Nil: the usual places.
  public var directory: String?
  /// A group whose members may look on, by name or number (CTXTOP_GROUP).
  public var group: String?
  /// Whether messages of errors may be shown, with values masked (CTXTOP_MESSAGES).
  public var showsMessages = false
  /// Whether a worker that leaked has itself replaced (CTXTOP_RECYCLE). Needs `recycleSignal`.
  public var recyclesOnLeak = false
  /// Whether clients may have a worker replaced (CTXTOP_CONTROL). Needs `recycleSignal`.
  public var isControlled = false
  /// Whose members may, where that is another group than `group` (CTXTOP_CONTROL_GROUP).
  public var controlGroup: String?
  /// The signal upon which this worker ends gracefully and is replaced; 0: there is none.
  public var recycleSignal: Int32 = 0

  /// What kind of server this is, such as the name of its program.
  public var server = "swift"
  /// Its version.
  public var version = ""
  /// How many workers the server is configured with.
  public var workers: Int?
  /// How many requests one worker serves at once; nil for tasks.
  public var threads: Int?
  /// Which of the workers this is, from 1.
  public var number: Int?
  /// The process whose workers these are, so that those of two servers can be told apart; nil: this one's own.
  public var supervisor: Int32?

  /// The configuration that the environment gives.
  public init() { readEnvironment() }

  /// What the environment says holds, whatever was set before. `App.start` does this.
  public mutating func readEnvironment() {
    name = text("CTXTOP_NAME") ?? name
    directory = text("CTXTOP_DIR") ?? directory
    group = text("CTXTOP_GROUP") ?? group
    controlGroup = text("CTXTOP_CONTROL_GROUP") ?? controlGroup
    isEnabled = flag("CTXTOP_ENABLED") ?? isEnabled
    showsMessages = flag("CTXTOP_MESSAGES") ?? showsMessages
    recyclesOnLeak = flag("CTXTOP_RECYCLE") ?? recyclesOnLeak
    isControlled = flag("CTXTOP_CONTROL") ?? isControlled
  }

  private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// An empty value counts as not given.
  private func text(_ name: String) -> String? { variable(name).flatMap { $0.isEmpty ? nil : $0 } }

  private func flag(_ name: String) -> Bool? {
    guard let value = variable(name) else { return nil }
    let word = value.filter { !$0.isWhitespace }.lowercased()
    return !["0", "false", "no", "off", ""].contains(word)
  }

  // MARK: For the agent

  /// The service's name as files bear it: of `[A-Za-z0-9._-]`, at most 48 bytes, never empty.
  func stem(_ app: String) -> String {
    let allowed = (name ?? app).unicodeScalars.map { scalar -> Character in
      switch scalar {
      case "A"..."Z", "a"..."z", "0"..."9", ".", "_", "-": Character(scalar)
      default: "-"
      }
    }
    // A leading dot would hide the file, a leading dash reads as an option.
    let reduced = String(allowed.drop { $0 == "." || $0 == "-" }.prefix(48))
    return reduced.isEmpty ? "app" : reduced
  }

  func agent(_ app: String) throws(AgentFailure) -> Agent.Configuration {
    var agent = Agent.Configuration()
    agent.stem = stem(app)
    agent.directory = directory ?? ""
    let controllers = isControlled ? controlGroup : nil
    agent.group = try Self.id(group ?? controllers)
    agent.controllers = try Self.id(controllers)
    agent.recycles = recyclesOnLeak
    agent.isControlled = isControlled
    return agent
  }

  private static func id(_ group: String?) throws(AgentFailure) -> UInt32? {
    guard let group else { return nil }
    let id = ctxtop_group_id(group)
    if id < 0 { throw AgentFailure(line: "finding the group \(group): there is none of this name") }
    return UInt32(truncatingIfNeeded: id)
  }

  func identity(_ stacks: Stacks) -> WorkerIdentity {
    func half(_ number: Int?) -> UInt32 { number.flatMap { UInt32(exactly: $0) } ?? none32 }
    var identity = WorkerIdentity()
    identity.serverKind = server
    identity.serverModel = stacks == .thread ? "threads" : "tasks"
    identity.serverVersion = version
    identity.workers = half(workers)
    identity.threads = half(threads)
    identity.number = half(number)
    let parent = supervisor ?? getpid()
    let began = ProcessStatus(of: parent)?.startTicks ?? 0
    identity.instance = UInt64(UInt32(bitPattern: parent)) &<< 32 | began & 0xffff_ffff
    return identity
  }
}

/// Why this process is not monitored. The server works all the same.
public struct AgentFailure: Error, CustomStringConvertible {
  /// What was tried, and what happened.
  public let line: String
  /// The line.
  public var description: String { line }
}
