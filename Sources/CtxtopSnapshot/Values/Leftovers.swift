// What else a unit may leave behind: orphan sessions, resources such as locks, contexts that vanished; and
// hazards of a worker's configuration.

/// A scoped ORM session that is still in its registry although the context it belonged to is gone.
public struct Session: Equatable, Sendable {
  /// The session's index in its worker, unique among connections, sessions and resources.
  public var id: Int
  /// Which tenant of that index this is.
  public var generation: UInt64
  /// What the session is scoped by: `app context`, `thread`, ...
  public var scope: String
  /// When it was found without its context (monotonic).
  public var since: UInt64
  /// Whether a transaction was open when the agent looked last.
  public var isInTransaction: Bool
  /// Whether it held work that was neither flushed nor committed when the agent looked last.
  public var isDirty: Bool
  /// The unit, request and context it belonged to.
  public var holder: Holder?
  /// The request whose `session` this is now, because its scope has the same key; nil: none so far.
  public var heir: RequestLabel?
  /// The serial number of that request; 0: none.
  public var heirRequest: UInt64
  /// Whether it was removed since. What was inherited stays as evidence when the heir has ended it.
  public var hasEnded: Bool

  /// A session of which nothing is known yet.
  public init(id: Int = 0, generation: UInt64 = 0) {
    self.id = id
    self.generation = generation
    scope = ""
    since = 0
    isInTransaction = false
    isDirty = false
    holder = nil
    heir = nil
    heirRequest = 0
    hasEnded = false
  }
}

/// A tracked resource: a lock, say.
public struct Resource: Equatable, Sendable {
  /// The resource's index in its worker, unique among connections, sessions and resources.
  public var id: Int
  /// Which tenant of that index this is.
  public var generation: UInt64
  /// `lock`, or whatever the application calls it.
  public var kind: String
  /// Its name.
  public var name: String
  /// Held or waited for.
  public var state: ResourceState
  /// Since when (monotonic).
  public var since: UInt64
  /// Who holds it, or waits for it.
  public var holder: Holder?

  /// A resource of which nothing is known yet.
  public init(id: Int = 0, generation: UInt64 = 0) {
    self.id = id
    self.generation = generation
    kind = ""
    name = ""
    state = .held
    since = 0
    holder = nil
  }
}

/// Contexts that went from the stack of their unit without having been popped, so that their teardown never ran;
/// one for each kind, place and request label.
public struct VanishedContext: Equatable, Sendable {
  /// App or request context.
  public var kind: ContextKind
  /// Where it was pushed, `file:line function`, when that was not the framework's own doing; empty otherwise.
  public var frame: String
  /// The request that pushed it; nil: none did.
  public var label: RequestLabel?
  /// Index of the unit it happened on last; nil where that table was full.
  public var unit: Int?
  /// How often, exactly.
  public var count: UInt64
  /// First time: nanoseconds since 1970.
  public var first: UInt64
  /// Last time: nanoseconds since 1970.
  public var last: UInt64

  /// One of which only the kind is known.
  public init(kind: ContextKind = .app) {
    self.kind = kind
    frame = ""
    label = nil
    unit = nil
    count = 0
    first = 0
    last = 0
  }
}

/// A configuration that is known to lead to leaks.
public struct Hazard: Equatable, Sendable {
  /// Which one, in lower case with underscores: `commit_on_teardown`, ...
  public var code: String
  /// What was found, in one sentence.
  public var message: String

  /// A hazard with both parts given.
  public init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}
