// Plays a scenario on CtxtopContexts under the rules of one Flask, and writes the trace that Tests/Scenarios/player.py
// writes on that Flask: what was called with what, what came of it, and how the stacks were each time.

import Foundation

@testable import CtxtopContexts

/// Sendable: the threads of a scenario take turns, and only the one whose turn it is touches it.
final class Player: @unchecked Sendable {
  let flask: Flask
  private let stacks: Stacks
  private let scenario: Scenario
  private(set) var lines: [String] = []
  private var names: [ObjectIdentifier: String] = [:]
  /// Keeps every context that has a name: its address must not be used again.
  private var seen: [AnyObject] = []
  private var numbers: [String: Int] = [:]
  private var apps: [String: App] = [:]
  private var groups: [String: RouteGroup] = [:]
  private var appContexts: [String: AppContext] = [:]
  private var requestContexts: [String: RequestContext] = [:]
  private var answers: [String: Answer] = [:]
  /// Answers that nobody closes must not be freed while a scenario is played.
  private var kept: [Stream] = []
  private var raised: Set<Step> = []
  private var threads: [(name: String, worker: Worker)] = []

  private static let storage = ContextLocal<[String: String]>()

  init(_ scenario: Scenario, on flask: Flask, stacks: Stacks) {
    self.scenario = scenario
    self.flask = flask
    self.stacks = stacks
    for (name, _) in scenario.apps { apps[name] = App(name: name, rules: flask.rules, stacks: stacks) }
    for (name, owner) in scenario.groups { groups[name] = apps[owner]!.group(name) }
    for block in scenario.teardowns { register(block) }
    for block in scenario.receivers {
      apps[block.owner]!.onAppPushed { [unowned self] _ in
        note("receiver \(block.name)")
        try run(block.steps)
      }
    }
  }

  private func register(_ block: Block) {
    let function: @Sendable ((any Error)?) throws -> Void = { [unowned self] error in
      note("teardown \(block.name) given \(flask.name(of: error))")
      try run(block.steps)
    }
    if block.kind == "app" {
      apps[block.owner]!.teardownApp { try function($1) }
    } else if let group = groups[block.owner] {
      group.teardownRequest { try function($1) }
    } else {
      apps[block.owner]!.teardownRequest { try function($1) }
    }
  }

  func play() -> [String] {
    worker("main").run { [self] in runAll(scenario.main) }
    for (name, worker) in threads {
      worker.run { [self] in note("end of \(name)") }
    }
    for (_, worker) in threads { worker.end() }
    return lines
  }

  // MARK: Steps

  /// As nobody is there to take what they raise: the next one goes on.
  private func runAll(_ steps: [Step]) {
    for step in steps { _ = attempt { try act(step) } }
  }

  /// The stream that a view answers with, if it does.
  @discardableResult
  private func run(_ steps: [Step]) throws -> Stream? {
    var answer: Stream?
    for step in steps { answer = try act(step) ?? answer }
    return answer
  }

  @discardableResult
  func act(_ step: Step) throws -> Stream? {
    switch (step[0], step.count) {
    case ("look", 1): note("look")
    case ("raise", _): try raise(step)
    case ("stream", _):
      let stream = try Stream(scenario.bodies[step.last!]!, bare: step.count == 3, self)
      kept.append(stream)
      return stream
    case ("do", 2): return try run(part(step[1]))
    case ("on", 3): worker(step[1]).run { [self] in runAll(part(step[2])) }
    case ("catch", 2):
      _ = attempt {
        try noted(step) {
          try run(part(step[1])); return nil
        }
      }
    default: try noted(step) { try come(of: step) }
    }
    return nil
  }

  /// Does it, and writes what came of it.
  private func noted(_ step: Step, _ action: () throws -> String?) throws {
    let text = step.joined(separator: " ")
    do {
      let came = try action()
      note("\(text): \(came ?? "ok")")
    } catch {
      note("\(text): \(flask.name(of: error))")
      throw error
    }
  }

  private func come(of step: Step) throws -> String? {
    switch (step[0], step.count) {
    case ("request", 2):
      let answer = try ask(step[1])
      try answer.readAll()
      return answer.status
    case ("open", 4):
      let answer = try ask(step[1])
      answers[step[3]] = answer
      return answer.status
    case ("read", 2): return try answer(step[1]).read() ? "piece" : "end"
    case ("drain", 2): return try "\(answer(step[1]).drain()) pieces"
    case ("close", 2): try answer(step[1]).close()
    case ("push", 2): try push(step[1])
    case ("pop", 2), ("pop", 4): try pop(step[1], step.count == 4 ? Raised(name: step[3]) : nil)
    case ("with", 4): try with(step[1], step[2], part(step[3]))
    case ("set", 3):
      let context = try AppContext.current.orOutside
      context[Player.storage] = (context[Player.storage] ?? [:]).merging([step[1]: step[2]]) { $1 }
    case ("get", 2): return try AppContext.current.orOutside[Player.storage]?[step[1]] ?? "nothing"
    default: fatalError("\(scenario.name): no such step: \(step)")
    }
    return nil
  }

  private func raise(_ step: Step) throws {
    if step.dropFirst().dropLast().contains("once"), !raised.insert(step).inserted { return }
    throw Raised(name: step.last!, isBase: step.dropLast().contains("base"))
  }

  private func answer(_ name: String) throws -> Answer {
    guard let answer = answers[name] else { throw Raised(name: "no_answer") }
    return answer
  }

  private func part(_ name: String) -> [Step] { scenario.parts[name]!.steps }

  // MARK: Contexts

  private func push(_ name: String) throws {
    let named = scenario.contexts[name]!
    if named.kind == "app" {
      if appContexts[name] == nil { appContexts[name] = apps[named.of]!.appContext() }
      try appContexts[name]!.push()
    } else {
      try self.named(name, named).push()
    }
  }

  private func pop(_ name: String, _ error: (any Error)?) throws {
    let named = scenario.contexts[name]!
    if named.kind == "app" {
      if appContexts[name] == nil { appContexts[name] = apps[named.of]!.appContext() }
      try appContexts[name]!.pop(error: error)
    } else {
      try self.named(name, named).pop(error: error)
    }
  }

  private func named(_ name: String, _ named: NamedContext) -> RequestContext {
    let context = requestContexts[name] ?? app(ofView: named.of).requestContext(description(named.of))
    requestContexts[name] = context
    return context
  }

  private func with(_ kind: String, _ of: String, _ steps: [Step]) throws {
    if kind == "app" {
      try apps[of]!.withApp { _ in _ = try run(steps) }
    } else {
      try app(ofView: of).withRequest(description(of)) { _ in _ = try run(steps) }
    }
  }

  private func app(ofView view: String) -> App { apps[scenario.app(of: scenario.views[view]!.owner)]! }

  private func description(_ view: String) -> RequestDescription {
    RequestDescription(method: "GET", endpoint: view, rule: "/\(view)", group: groups[scenario.views[view]!.owner])
  }

  // MARK: What Flask's server side does around a context

  /// What `Flask.wsgi_app` does with a request: pushes, asks the view, makes a page of an error, pops.
  private func ask(_ view: String) throws -> Answer {
    let app = app(ofView: view)
    let propagates = scenario.apps.contains { $0.name == app.name && $0.propagates }
    // With an error that goes on to who asked, this is all there is to it.
    if propagates, scenario.receivers.isEmpty {
      return try Answer(nil, app.withRequest(description(view)) { _ in try content(view) })
    }
    // On task-local stacks it would have stacks of its own; a thread has its own for all that it does.
    if stacks == .task { return try Answer(nil, answered(app, view, propagates)) }
    let served = app.serve(description(view))
    do {
      let content = try served.run { try answered(app, view, propagates) }
      served.stream()
      return Answer(served, content)
    } catch {
      served.close(raised: true)
      throw error
    }
  }

  private func answered(_ app: App, _ view: String, _ propagates: Bool) throws -> Answer.Content {
    let context = app.requestContext(description(view))
    if !flask.answersErrorsOfPush { try context.push() }
    var content = Answer.Content.failed
    let error = attempt {
      if flask.answersErrorsOfPush { try context.push() }
      content = try self.content(view)
    }
    try context.pop(error: error)
    if let error, propagates || flask.isBase(error) { throw error }
    return content
  }

  private func content(_ view: String) throws -> Answer.Content {
    note("view \(view)")
    return try run(scenario.views[view]!.steps).map { .stream($0) } ?? .page
  }

  // MARK: What is written

  func note(_ what: String) {
    let thread = Worker.currentName
    let requests = UnitStacks.current.requests.described { name($0, $0.request.route.endpoint) }
    let apps = UnitStacks.current.apps.described { name($0, $0.app.name) }
    lines.append("\(thread == "main" ? "" : "[\(thread)] ")\(what) | \(requests) | \(apps)")
  }

  private func name(_ context: AnyObject, _ of: String) -> String {
    if let known = names[ObjectIdentifier(context)] { return known }
    numbers[of, default: 0] += 1
    let name = "\(of).\(numbers[of]!)"
    names[ObjectIdentifier(context)] = name
    seen.append(context)
    return name
  }

  private func worker(_ name: String) -> Worker {
    if let known = threads.first(where: { $0.name == name }) { return known.worker }
    let worker = Worker(name, stacks)
    threads.append((name, worker))
    return worker
  }
}

extension ContextChain {
  /// What is on it, bottom first; `?` behind a context that is there although every push of it has been undone.
  fileprivate func described(_ name: (Context) -> String) -> String {
    var met: [ObjectIdentifier: Int] = [:]
    let marks = entries.map { entry in
      met[ObjectIdentifier(entry.context), default: 0] += 1
      return met[ObjectIdentifier(entry.context)]! > entry.context.tokens.count ? "?" : ""
    }
    // Names are given from the bottom up.
    let described = zip(entries, marks).reversed().map { name($0.context) + $1 }
    return described.isEmpty ? "-" : described.joined(separator: " ")
  }
}

extension Optional {
  fileprivate var orOutside: Wrapped {
    get throws {
      guard let self else { throw Outside() }
      return self
    }
  }
}
