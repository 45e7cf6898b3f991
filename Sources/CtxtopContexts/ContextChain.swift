// One stack of contexts, kept the way Flask keeps it: a place for the context on top, and in each context what was there
// before, once for each of its pushes. So a pop out of order does here what it does there.

/// What can stand on a stack.
protocol ChainedContext: AnyObject {
  var tokens: ContextTokens<Self> { get set }
}

/// What was on top before each push of one context, latest last.
struct ContextTokens<Context: AnyObject> {
  struct Token {
    var previous: Context?
    /// Grows with each push on the unit, of either kind.
    var place: UInt64
  }

  private(set) var count = 0
  /// The first one lies here: a context is hardly ever pushed twice.
  private var first = Token(previous: nil, place: 0)
  private var later: [Token] = []

  @inline(__always)
  mutating func append(_ previous: Context?, at place: UInt64) {
    if count == 0 {
      first.previous = previous
      first.place = place
    } else {
      later.append(Token(previous: previous, place: place))
    }
    count &+= 1
  }

  /// Removes the latest; nil where there is none.
  @inline(__always)
  mutating func removeLast() -> Context? {
    guard count > 0 else { return nil }
    count &-= 1
    if count > 0 { return later.removeLast().previous }
    let previous = first.previous
    first.previous = nil
    return previous
  }

  /// One of them, 0 is the latest; nil: there are not so many.
  subscript(fromLast index: Int) -> Token? {
    guard index < count else { return nil }
    return index == count - 1 ? first : later[later.count - 1 - index]
  }
}

/// One stack of one unit.
struct ContextChain<Context: ChainedContext> {
  private(set) var top: Context?

  @inline(__always)
  mutating func push(_ context: Context, at place: UInt64) {
    context.tokens.append(top, at: place)
    top = context
  }

  /// Removes what is on top and returns it.
  @inline(__always)
  mutating func popTop() -> Context? {
    guard let old = top else { return nil }
    top = old.tokens.removeLast()
    return old
  }

  /// The stack is again what it was before the latest push of a context.
  @inline(__always)
  mutating func unwind(_ context: Context) { top = context.tokens.removeLast() }

  /// What is on it, top first, each with the place of its push. A misused stack may lead to a context that is popped, or
  /// in a circle: the walk ends there.
  var entries: [(context: Context, place: UInt64)] {
    var found: [(Context, UInt64)] = []
    var met: [ObjectIdentifier: Int] = [:]
    var next = top
    while let context = next, found.count < Self.longest {
      let times = met[ObjectIdentifier(context), default: 0]
      let token = context.tokens[fromLast: times]
      met[ObjectIdentifier(context)] = times + 1
      found.append((context, token?.place ?? 0))
      next = token?.previous
    }
    return found
  }

  private static var longest: Int { 64 }

  /// How often a context is on it.
  func count(_ context: Context) -> Int { entries.count { $0.context === context } }
}
