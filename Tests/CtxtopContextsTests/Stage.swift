// An app that writes down what happens to it, for tests of what its contexts do. No agent is attached: what the agent
// is told, ProbeTests see.

import CtxtopContexts
import CtxtopGuestTestKit

struct Refused: Error {}

/// An app and the trace of its teardown functions, on a thread without contexts.
final class Stage: Sendable {
  let app: App
  let group: RouteGroup
  private let lines = Guarded<[String]>([])
  private let raising = Guarded<Set<String>>([])
  private let wrong = Guarded<[UInt]>([])

  init(_ rules: ContextRules) {
    app = App(name: "stage", rules: rules)
    group = app.group("group")
    for name in ["app 1", "app 2"] { app.teardownApp { [unowned self] _, error in try play(name, error) } }
    for name in ["request 1", "request 2"] { app.teardownRequest { [unowned self] _, error in try play(name, error) } }
    for name in ["group 1", "group 2"] { group.teardownRequest { [unowned self] _, error in try play(name, error) } }
    app.onTeardownFailure { [unowned self] report in write("told \(report.function.isEmpty ? "misuse" : "failure")") }
  }

  /// Notes the line where something does not hold. A test's own expectations would not be known for the test's, on a
  /// thread of ours.
  func expect(_ holds: Bool, line: UInt = #line) {
    if !holds { wrong.withLock { $0.append(line) } }
  }

  /// Runs a test on a thread of its own, whose stacks are empty and go with it; lines where something did not hold.
  static func run(_ rules: ContextRules, _ body: @escaping @Sendable (Stage) -> Void) -> [UInt] {
    let lines = Guarded<[UInt]>([])
    onThreads(1) { _ in
      let stage = Stage(rules)
      body(stage)
      lines.withLock { $0 = stage.wrong.withLock { $0 } }
    }
    return lines.withLock { $0 }
  }

  /// The functions that throw from now on.
  func raise(_ names: String...) { raising.withLock { $0 = Set(names) } }

  func write(_ line: String) { lines.withLock { $0.append(line) } }

  /// What has happened since it was asked last.
  var trace: [String] {
    lines.withLock { lines in
      defer { lines = [] }
      return lines
    }
  }

  private func play(_ name: String, _ error: (any Error)?) throws {
    write(error == nil ? name : "\(name) of an error")
    if raising.withLock({ $0.contains(name) }) { throw Refused() }
  }

  var request: RequestDescription { RequestDescription(method: "GET", endpoint: "index", rule: "/") }
  var grouped: RequestDescription { RequestDescription(method: "GET", endpoint: "in", rule: "/in", group: group) }

  /// App and request contexts of the calling unit.
  var depths: [Int] { [AppContext.depth, RequestContext.depth] }

  /// Serves a request; how it failed, or `ok`.
  @discardableResult
  func serve(_ request: RequestDescription? = nil, _ body: (RequestContext) throws -> Void = { _ in }) -> String {
    outcome { try app.withRequest(request ?? self.request, body) }
  }

  func outcome(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "ok"
    } catch let failure as TeardownFailure {
      let body = failure.body.map { " after \($0)" } ?? ""
      return "failure [\(failure.errors.map { "\($0)" }.joined(separator: ", "))]\(body)"
    } catch {
      return "\(error)"
    }
  }
}
