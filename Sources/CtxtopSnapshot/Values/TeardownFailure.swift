// Teardown functions that raised, deduplicated by function, exception and request label.

/// A teardown function that raised, once or many times, while the same kind of request was served.
public struct TeardownFailure: Equatable, Sendable {
  /// The function's qualified name with its module, e.g. `shop.close_cart`.
  public var function: String
  /// Where it is defined, `file:line`.
  public var location: String
  /// Whether it was registered for app contexts or for requests.
  public var kind: ContextKind
  /// The blueprint it was registered on; nil: the app itself.
  public var blueprint: String?
  /// The exception's type.
  public var exception: String
  /// The exception's message, cut to its first line, masked and bounded. Empty: the worker keeps it to itself.
  public var message: String
  /// The request that was being torn down; nil: the context did not belong to one.
  public var label: RequestLabel?
  /// Index of the unit it happened on last; nil where that table was full.
  public var unit: Int?
  /// How often, exactly.
  public var count: UInt64
  /// First time: nanoseconds since 1970.
  public var first: UInt64
  /// Last time: nanoseconds since 1970.
  public var last: UInt64
  /// Teardown functions that did not run because of it, in the order in which they would have run.
  public var skipped: [String]
  /// The first occurrence's traceback: file, line and function of each frame, one a line, innermost last.
  public var traceback: String

  /// A failure of which only the function and the exception are known.
  public init(function: String = "", exception: String = "") {
    self.function = function
    self.exception = exception
    location = ""
    kind = .app
    blueprint = nil
    message = ""
    label = nil
    unit = nil
    count = 0
    first = 0
    last = 0
    skipped = []
    traceback = ""
  }
}
