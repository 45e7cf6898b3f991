// The answer to a request as a server has it in hand, and what Flask's `stream_with_context` does to the contexts.

import CtxtopContexts

/// The body of a streamed answer: a generator, step by step.
final class Stream {
  /// Contexts that are pushed around the body.
  private enum Around {
    case nothing
    /// Pushed in the view.
    case pushed(RequestContext)
    /// To be pushed with the first piece.
    case kept(AppContext, RequestContext)
    case pushedLate(AppContext, RequestContext)
  }

  private let body: Block
  private unowned let player: Player
  private var around: Around
  private var position = 0
  private var hasBegun = false
  private var hasEnded = false

  init(_ body: Block, bare: Bool, _ player: Player) throws {
    self.body = body
    self.player = player
    around = bare ? .nothing : try Stream.around(player.flask)
  }

  private static func around(_ flask: Flask) throws -> Around {
    guard let request = RequestContext.current else { throw Outside() }
    if flask.streamsPushLate {
      guard let app = AppContext.current else { throw ContextError.notPushed }
      return .kept(app, request)
    }
    try request.push()
    return .pushed(request)
  }

  /// Whether there was another piece.
  func read() throws -> Bool {
    if hasEnded { return false }
    do {
      try enter()
      if try hasPiece() { return true }
    } catch {
      hasEnded = true
      throw leave(error) ?? error
    }
    hasEnded = true
    if let error = leave(nil) { throw error }
    return false
  }

  func close() throws {
    if hasEnded { return }
    hasEnded = true
    if let error = leave(Closed()) { throw error }
  }

  private func enter() throws {
    if case .kept(let app, let request) = around {
      around = .nothing
      try app.push()
      if let error = attempt({ try request.push() }) { throw attempt { try app.pop(error: error) } ?? error }
      around = .pushedLate(app, request)
    }
    if !hasBegun { player.note("body \(body.name)") }
    hasBegun = true
  }

  private func hasPiece() throws -> Bool {
    while position < body.steps.count {
      let step = body.steps[position]
      position += 1
      if step == ["chunk"] { return true }
      try player.act(step)
    }
    return false
  }

  /// Pops what is around, as leaving Python's `with` does; what that raised takes the place of `error`.
  private func leave(_ error: (any Error)?) -> (any Error)? {
    switch around {
    case .nothing, .kept: return nil
    case .pushed(let request): return attempt { try request.pop(error: error) }
    case .pushedLate(let app, let request):
      let first = attempt { try request.pop(error: error) }
      return attempt { try app.pop(error: first ?? error) } ?? first
    }
  }
}

/// What it raised.
func attempt(_ action: () throws -> Void) -> (any Error)? {
  do {
    try action()
    return nil
  } catch { return error }
}

final class Answer {
  enum Content {
    case page, failed
    case stream(Stream)
  }

  let status: String
  /// Nil: the request was over when its view returned.
  private let served: ServedRequest?
  private let stream: Stream?
  private var hasPage: Bool

  init(_ served: ServedRequest?, _ content: Content) {
    self.served = served
    if case .stream(let stream) = content { self.stream = stream } else { stream = nil }
    if case .failed = content { status = "500" } else { status = "200" }
    hasPage = stream == nil
  }

  /// Whether there was another piece.
  func read() throws -> Bool {
    if let stream { return try run { try stream.read() } }
    defer { hasPage = false }
    return hasPage
  }

  func drain() throws -> Int {
    var pieces = 0
    while try read() { pieces += 1 }
    return pieces
  }

  func close() throws {
    defer { served?.close() }
    if let stream { try run { try stream.close() } }
  }

  private func run<Result>(_ body: () throws -> Result) throws -> Result {
    if let served { return try served.run(body) }
    return try body()
  }

  /// As a server: whatever happens meanwhile, it is closed.
  func readAll() throws {
    let error = attempt { _ = try drain() }
    try close()
    if let error { throw error }
  }
}
