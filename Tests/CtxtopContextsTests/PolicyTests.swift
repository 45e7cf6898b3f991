// What a teardown function that throws does, under each policy: the table of what was measured with Flask.

import CtxtopContexts
import CtxtopGuestTestKit
import Testing

/// Runs a test on a thread of its own.
func onStage(_ rules: ContextRules, _ body: @escaping @Sendable (Stage) -> Void) {
  let wrong = Stage.run(rules, body)
  #expect(wrong == [], "does not hold in these lines, under \(rules.policy)")
}

private let all = ["request 2", "request 1", "app 2", "app 1"]

@Suite("Teardown policies")
struct PolicyTests {
  @Test(
    "Functions run last registered first, those of the group on the side where its Flask has them",
    arguments: [
      ContextRules.flask0_10, .flask0_11, .flask2_0, .flask2_2, ContextRules(.finish), ContextRules(.log),
    ])
  func order(_ rules: ContextRules) {
    onStage(rules) { stage in
      stage.expect(stage.serve(stage.grouped) == "ok")
      let own = ["request 2", "request 1"]
      let group = ["group 2", "group 1"]
      stage.expect(stage.trace == (rules.runsAppFirst ? own + group : group + own) + ["app 2", "app 1"])
      stage.expect(stage.serve() == "ok")
      stage.expect(stage.trace == all)
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("Flask 0.10: a request context that fails stays, and its app context with it")
  func legacyRequest() {
    onStage(.flask0_10) { stage in
      stage.raise("request 2")
      stage.expect(stage.serve() == "failure [Refused()]")
      stage.expect(stage.trace == ["request 2", "told failure"])
      stage.expect(stage.depths == [1, 1])
    }
  }

  @Test("Flask 0.10: an app context that fails stays, and everybody after is served on it without its teardown")
  func legacyApp() {
    onStage(.flask0_10) { stage in
      stage.raise("app 2")
      stage.expect(stage.serve() == "failure [Refused()]")
      stage.expect(stage.trace == ["request 2", "request 1", "app 2", "told failure"])
      stage.expect(stage.depths == [1, 0])
      stage.raise()
      let left = AppContext.current
      let outcome = stage.serve { _ in stage.expect(AppContext.current === left) }
      stage.expect(outcome == "ok")
      stage.expect(stage.trace == ["request 2", "request 1"])
      stage.expect(stage.depths == [1, 0])
    }
  }

  @Test(
    "Flask 0.11 to 3.1: the context goes, and what was to run after does not",
    arguments: [
      ContextRules.flask0_11, .flask2_0, .flask2_2,
    ])
  func pop(_ rules: ContextRules) {
    onStage(rules) { stage in
      stage.raise("request 2")
      stage.expect(stage.serve() == "failure [Refused()]")
      stage.expect(stage.trace == ["request 2", "told failure", "app 2", "app 1"])
      stage.raise("app 2")
      stage.expect(stage.serve() == "failure [Refused()]")
      stage.expect(stage.trace == ["request 2", "request 1", "app 2", "told failure"])
      stage.raise("request 1", "app 2")
      stage.expect(stage.serve() == "failure [Refused(), Refused()]")
      stage.expect(stage.trace == ["request 2", "request 1", "told failure", "app 2", "told failure"])
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("Finish: all run, then what they threw is thrown")
  func finish() {
    onStage(ContextRules(.finish)) { stage in
      stage.raise("request 2", "app 2", "app 1")
      stage.expect(stage.serve() == "failure [Refused(), Refused(), Refused()]")
      stage.expect(stage.trace.filter { $0 != "told failure" } == all)
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("Log: all run, what they threw is told and not thrown")
  func log() {
    onStage(ContextRules(.log)) { stage in
      stage.raise("request 2", "app 1")
      stage.expect(stage.serve() == "ok")
      stage.expect(stage.trace == ["request 2", "told failure", "request 1", "app 2", "app 1", "told failure"])
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("What the work threw reaches the functions and the caller, together with what they throw")
  func bodyThrows() {
    onStage(ContextRules(.finish)) { stage in
      struct Broken: Error {}
      func broken() -> String { stage.serve { _ in throw Broken() } }
      stage.expect(broken() == "Broken()")
      stage.expect(stage.trace == all.map { "\($0) of an error" })
      stage.raise("app 1")
      stage.expect(broken() == "failure [Refused()] after Broken()")
    }
  }

  @Test("Functions that are registered while requests run are run from the next one on")
  func registeredLate() {
    onStage(ContextRules(.finish)) { stage in
      onThreads(4) { index in
        for round in 0..<50 {
          if index == 0 { stage.app.teardownApp("late") { _, _ in } }
          if round % 10 == 0 { stage.serve() }
        }
      }
      stage.expect(stage.depths == [0, 0])
    }
  }
}
