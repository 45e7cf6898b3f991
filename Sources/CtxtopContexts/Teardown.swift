// Teardown functions: how they are registered and run. Last registered first, those of a request's group before those of
// the app (up to Flask 1.1 after them).

import CtxtopAgent
import Synchronization

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
final class TeardownTable<Context>: Sendable {
  let functions: [TeardownFunction<Context>]
  init(_ functions: [TeardownFunction<Context>]) { self.functions = functions }
}

/// A table that may grow while others read it: what was read stays valid, because nothing is freed before the whole is.
/// Reading takes no lock and no reference, which threads would pass from one processor to the other.
final class TeardownRegister<Context>: Sendable {
  /// The address of the latest table; 0: there is none.
  private let published = Atomic<UInt>(0)
  private let tables = Mutex<[TeardownTable<Context>]>([])

  func add(_ function: TeardownFunction<Context>) {
    tables.withLock { tables in
      let table = TeardownTable((tables.last?.functions ?? []) + [function])
      tables.append(table)
      published.store(UInt(bitPattern: Unmanaged.passUnretained(table).toOpaque()), ordering: .releasing)
    }
  }

  /// The functions' names in the order in which they run.
  var names: [String] { table?._withUnsafeGuaranteedRef { $0.functions.reversed().map(\.name) } ?? [] }

  /// The functions as they are now; nil: there are none.
  @inline(__always)
  var table: Unmanaged<TeardownTable<Context>>? {
    UnsafeRawPointer(bitPattern: published.load(ordering: .acquiring)).map { Unmanaged.fromOpaque($0) }
  }
}

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
    guard let table = register.table else { return true }
    return table._withUnsafeGuaranteedRef { run($0.functions, kind, group, later) }
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
