// What Flask's contexts do differs from version to version in three things. Here they are one table.

/// What becomes of a context when one of its teardown functions throws.
public enum TeardownPolicy: String, Sendable, CaseIterable {
  /// The context stays on its stack, as in Flask 0.10: the unit serves everybody with it from then on.
  case legacy
  /// The context goes, and the functions that were still to run do not: Flask 0.11 to 3.1.
  case pop
  /// All functions run, the context goes, then what was thrown is thrown: Flask 3.2.
  case finish
  /// All functions run, the context goes, what was thrown is told and not thrown.
  case log
}

/// How contexts leave their stack, and in which order teardown functions run.
public struct ContextRules: Sendable, Equatable {
  /// Which context leaves the stack when one is popped that is not on top.
  public enum Removal: Sendable {
    /// Whatever is on top goes, and the pop fails: Flask up to 2.1.
    case top
    /// The stack becomes what it was before the context was pushed, and the pop fails; what was above is gone without
    /// teardown: Flask 2.2 to 3.1.
    case unwind
    /// What is above is popped first, with its teardown functions; then the context, and the pop fails. Nothing is left.
    case settle
  }

  /// What becomes of a context when one of its teardown functions throws.
  public let policy: TeardownPolicy
  /// Which context goes when the one that is popped is not on top.
  public let removal: Removal
  /// Whether the app's own teardown functions for requests run before those of the request's group: Flask up to 1.1.
  public let runsAppFirst: Bool

  /// Whether a function that throws keeps those from running that come after it.
  var skips: Bool { policy == .legacy || policy == .pop }

  /// The rules of the newest Flask with a policy; those of 0.10 for `legacy`.
  public init(_ policy: TeardownPolicy) {
    switch policy {
    case .legacy: self = .flask0_10
    case .pop: self = .flask2_2
    case .finish, .log: self.init(policy, .settle, runsAppFirst: false)
    }
  }

  private init(_ policy: TeardownPolicy, _ removal: Removal, runsAppFirst: Bool) {
    self.policy = policy
    self.removal = removal
    self.runsAppFirst = runsAppFirst
  }

  /// Flask 0.10.
  public static let flask0_10 = ContextRules(.legacy, .top, runsAppFirst: true)
  /// Flask 0.11 to 1.1.
  public static let flask0_11 = ContextRules(.pop, .top, runsAppFirst: true)
  /// Flask 2.0 and 2.1.
  public static let flask2_0 = ContextRules(.pop, .top, runsAppFirst: false)
  /// Flask 2.2 to 3.1.
  public static let flask2_2 = ContextRules(.pop, .unwind, runsAppFirst: false)
}

/// Where an app's contexts stand.
public enum Stacks: Sendable {
  /// On stacks of the calling thread: for servers in which one thread serves a request from its beginning to its end.
  case thread
  /// On stacks of the calling task, wherever it runs: for servers that suspend. Code of no task has its thread's.
  case task
}
