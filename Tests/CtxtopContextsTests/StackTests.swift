// Pushes and pops in order and out of it, under the rules of each age of Flask.

import CtxtopContexts
import Testing

@Suite("Context stacks")
struct StackTests {
  private static let every = [
    ContextRules.flask0_10, .flask0_11, .flask2_0, .flask2_2, ContextRules(.finish), ContextRules(.log),
  ]

  @Test("A request brings an app context, unless one of its app is there", arguments: every)
  func implicit(_ rules: ContextRules) {
    onStage(rules) { stage in
      let other = App(name: "other", rules: rules)
      stage.serve { _ in
        stage.expect(stage.depths == [1, 1])
        try stage.app.withRequest(stage.request) { _ in stage.expect(stage.depths == [1, 2]) }
        try other.withRequest(stage.request) { _ in stage.expect(stage.depths == [2, 2]) }
      }
      let outcome = stage.outcome {
        try stage.app.withApp { _ in _ = stage.serve { _ in stage.expect(stage.depths == [1, 1]) } }
      }
      stage.expect(outcome == "ok")
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("A context that is pushed twice is torn down with its last pop", arguments: every)
  func twice(_ rules: ContextRules) {
    onStage(rules) { stage in
      let context = stage.app.appContext()
      stage.expect(stage.outcome { for _ in 0..<2 { try context.push() } } == "ok")
      stage.expect(stage.depths == [2, 0])
      stage.expect(stage.outcome { try context.pop() } == "ok")
      stage.expect(stage.trace == [])
      stage.expect(stage.outcome { try context.pop() } == "ok")
      stage.expect(stage.trace == ["app 2", "app 1"])
      let request = stage.app.requestContext(stage.request)
      stage.expect(stage.outcome { for _ in 0..<3 { try request.push() } } == "ok")
      stage.expect(stage.depths == [1, 3])
      stage.expect(stage.outcome { for _ in 0..<2 { try request.pop() } } == "ok")
      stage.expect(stage.trace == [])
      stage.expect(stage.outcome { try request.pop() } == "ok")
      stage.expect(stage.trace == ["request 2", "request 1", "app 2", "app 1"])
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("A stray app context in a request: it stays, or goes without teardown, or is popped as well")
  func stray() {
    let app = ["app 2", "app 1"]
    let request = ["request 2", "request 1"]
    for (rules, outcome, depths, trace) in [
      (ContextRules.flask0_10, "wrongContext", [1, 0], request + app),
      (.flask0_11, "wrongContext", [1, 0], request + app),
      (.flask2_0, "wrongContext", [1, 0], request + app),
      (.flask2_2, "wrongContext", [0, 0], request + app),
      (ContextRules(.finish), "wrongContext", [0, 0], request + app + app),
      (ContextRules(.log), "ok", [0, 0], request + app + app + ["told misuse"]),
    ] {
      onStage(rules) { stage in
        stage.expect(stage.serve { _ in _ = try stage.app.pushApp() } == outcome)
        stage.expect(stage.trace == trace)
        stage.expect(stage.depths == depths)
      }
    }
  }

  @Test("A pop of what is not pushed changes no stack where it can be told")
  func notPushed() {
    for (rules, app, request) in [
      (ContextRules.flask0_10, "emptyStack", "notPushed"), (.flask0_11, "emptyStack", "notPushed"),
      (.flask2_2, "emptyStack", "emptyStack"), (ContextRules(.finish), "notPushed", "notPushed"),
    ] {
      onStage(rules) { stage in
        stage.expect(stage.outcome { try stage.app.appContext().pop() } == app)
        stage.expect(stage.outcome { try stage.app.requestContext(stage.request).pop() } == request)
        stage.expect(stage.depths == [0, 0])
      }
    }
  }

  @Test("Out of order, Flask up to 2.1 removes what is on top, and later versions what was pushed since")
  func outOfOrder() {
    for (rules, depths) in [(ContextRules.flask0_11, [1, 0]), (.flask2_2, [0, 0]), (ContextRules(.finish), [0, 0])] {
      onStage(rules) { stage in
        guard let first = try? stage.app.pushApp(), (try? stage.app.pushApp()) != nil else { return }
        stage.expect(stage.outcome { try first.pop() } == "wrongContext")
        stage.expect(stage.depths == depths)
        if rules.removal == .top { stage.expect(AppContext.current === first) }
      }
    }
  }

  @Test("A stray whose teardown pushes another one, again and again, ends")
  func endlessStrays() {
    onStage(ContextRules(.finish)) { stage in
      stage.app.teardownApp("again") { context, _ in _ = try context.app.pushApp() }
      stage.expect(stage.outcome { try stage.app.withApp { _ in _ = try stage.app.pushApp() } } != "ok")
      stage.expect(stage.depths == [0, 0])
    }
  }

  @Test("Values live as long as their context, and no stranger sees them")
  func values() {
    let user = ContextLocal<String>()
    let count = ContextLocal<Int>()
    onStage(ContextRules(.finish)) { stage in
      stage.serve { context in
        AppContext.current?[user] = "alice"
        context[count] = 1
        context[count]? += 1
        stage.expect(AppContext.current?[user] == "alice" && context[count] == 2)
        stage.expect(context[user] == nil)
      }
      stage.serve { context in
        stage.expect(AppContext.current?[user] == nil && context[count] == nil)
        context[count] = 3
        context[count] = nil
        stage.expect(context[count] == nil)
      }
    }
  }

  @Test("A context that somebody still knows is not given to the next request")
  func kept() {
    onStage(ContextRules(.finish)) { stage in
      var kept: RequestContext?
      stage.serve { kept = $0 }
      stage.serve { stage.expect($0 !== kept) }
      stage.expect(kept?.request.route.endpoint == "index")
    }
  }

  @Test("What a thread leaves goes with it")
  func threadEnds() {
    final class Marker: Sendable {}
    let local = ContextLocal<Marker>()
    nonisolated(unsafe) weak var left: Marker?
    onStage(.flask0_10) { stage in
      let marker = Marker()
      left = marker
      stage.raise("app 1")
      stage.serve { _ in AppContext.current?[local] = marker }
      stage.expect(stage.depths == [1, 0])
    }
    #expect(left == nil)
  }
}
