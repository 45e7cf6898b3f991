// One stack of contexts, kept the way Flask keeps it: a place for the context on top, and in each context what was there
// before, once for each of its pushes. So a pop out of order does here what it does there.

/// What can stand on a stack.
protocol ChainedContext: AnyObject {
  var tokens: ContextTokens<Self> { get set }
  /// Pops it by its own rules. `error`: what its work ended with.
  func pop(_ error: (any Error)?, _ stacks: UnitStacks) throws
}

extension ChainedContext {
  /// Pops what stands above this context. One whose own rules leave it there goes without teardown, and so does one
  /// too many: teardown functions may push contexts themselves, for ever.
  @inline(never)
  func removeStrays(
    _ stacks: UnitStacks, from chain: ReferenceWritableKeyPath<UnitStacks, ContextChain<Self>>
  ) throws -> [any Error] {
    if stacks[keyPath: chain].count(self) == 0 { throw ContextError.notPushed }
    var errors: [any Error] = [ContextError.wrongContext]
    stacks.settling += 1
    defer { stacks.settling -= 1 }
    while stacks.settling < UnitStacks.deepestSettling, let stray = stacks[keyPath: chain].top, stray !== self {
      do { try stray.pop(nil, stacks) } catch { errors.append(error) }
      if stacks[keyPath: chain].top === stray { break }
    }
    while let top = stacks[keyPath: chain].top, top !== self { stacks[keyPath: chain].unwind(top) }
    return errors
  }
}

/// What was on top before each push of one context, latest last.
struct ContextTokens<Context: AnyObject> {
  struct Token {
    let previous: Context?
    /// Grows with each push on the unit, of either kind (`UnitStacks.newPlace`).
    let place: UInt64
  }

  private var tokens = InlineStack<Token>()

  @inline(__always)
  var count: Int { tokens.count }

  @inline(__always)
  mutating func append(_ previous: Context?, at place: UInt64) {
    tokens.append(Token(previous: previous, place: place))
  }

  /// Removes the latest; nil where there is none, or nothing was below.
  @inline(__always)
  mutating func removeLast() -> Context? { tokens.popLast()?.previous }

  /// One of them, 0 is the latest; nil: there are not so many.
  subscript(fromLast index: Int) -> Token? { tokens[fromLast: index] }

  /// The unit that made the latest push; 0: there is none.
  var lastUnit: UInt64 { (tokens[fromLast: 0]?.place ?? 0) & ~0xffff_ffff }
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
