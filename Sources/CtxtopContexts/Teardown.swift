// Teardown functions: how they are registered and run. Last registered first, those of a request's group before those of
// the app (up to Flask 1.1 after them).

/// A teardown function and how it is called in a report.
final class TeardownFunction<Context>: Sendable {
  typealias Body = @Sendable (Context, (any Error)?) throws -> Void
  let body: Body
  let name: String
  let location: String

  init(_ name: StaticString, _ file: StaticString, _ line: UInt, _ body: @escaping Body) {
    self.name = "\(name)"
    location = "\(file):\(line)"
    self.body = body
  }
}

/// The functions of one app or group, in the order of registration.
typealias TeardownRegister<Context> = PublishedList<TeardownFunction<Context>>

/// What is to run when a context goes, and what has come of it so far.
struct Teardown<Context> {
  let context: Context
  /// What the context's work ended with.
  let error: (any Error)?
  private let app: App
  private(set) var errors: [any Error] = []

  init(_ context: Context, _ error: (any Error)?, _ app: App) {
    self.context = context
    self.error = error
    self.app = app
  }

  /// Runs one table, last registered first; false: a function threw, and the policy skips the rest. `later`: names of
  /// what would run after this table.
  @inline(__always)
  mutating func run(
    _ register: TeardownRegister<Context>, kind: UInt32, group: String? = nil, later: () -> [String] = { [] }
  ) -> Bool {
    guard let edition = register.edition else { return true }
    return edition._withUnsafeGuaranteedRef { run($0.elements, kind, group, later) }
  }

  private mutating func run(
    _ functions: [TeardownFunction<Context>], _ kind: UInt32, _ group: String?, _ later: () -> [String]
  ) -> Bool {
    var index = functions.count
    while index > 0 {
      index &-= 1
      do {
        try functions[index].body(context, error)
      } catch {
        errors.append(error)
        let skips = app.rules.skips
        let skipped = skips ? functions[..<index].reversed().map(\.name) + later() : []
        let function = functions[index]
        app.tell(
          TeardownReport(
            function: function.name, location: function.location, isRequest: kind == 1, group: group, error: error,
            skipped: skipped))
        if skips { return false }
      }
    }
    return true
  }
}
