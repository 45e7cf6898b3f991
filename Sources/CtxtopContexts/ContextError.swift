// What a push or pop throws.

/// A pop that does not fit the stack. The names are those of Flask's exceptions where it has one.
public enum ContextError: Error, Equatable {
  /// Another context was on top (Flask: AssertionError, "Popped wrong context").
  case wrongContext
  /// There is nothing on the stack (Flask: LookupError, or AssertionError before 2.2).
  case emptyStack
  /// The context is not pushed, or no more (Flask: IndexError).
  case notPushed
  /// The context stands on the stack of another thread or task.
  case otherUnit
  /// There is no context of this kind here.
  case noContext
  /// The app keeps its contexts on threads, and was asked to suspend with one.
  case needsTaskStacks
}

/// One or more teardown functions threw, or more than that went wrong in one pop. In the order of events.
public struct TeardownFailure: Error {
  /// What was thrown: all of it under `finish`, only the last of it under `legacy` and `pop`.
  public let errors: [any Error]
  /// What the body threw that the contexts were for; nil: nothing, or a context was popped by hand.
  public let body: (any Error)?

  init(_ errors: [any Error], body: (any Error)? = nil) {
    self.errors = errors
    self.body = body
  }
}

extension TeardownFailure {
  /// A mismatch; together with what teardown functions threw before it.
  static func or(_ mismatch: ContextError, after errors: [any Error]) -> any Error {
    errors.isEmpty ? mismatch : TeardownFailure(errors + [mismatch])
  }

  /// What several steps of one pop threw, as one error.
  static func of(_ errors: [any Error]) -> any Error {
    errors.count == 1 && errors[0] is ContextError ? errors[0] : TeardownFailure(errors)
  }

  /// What one pop threw, as a part of another's.
  static func flat(_ error: any Error) -> [any Error] { (error as? TeardownFailure)?.errors ?? [error] }
}
