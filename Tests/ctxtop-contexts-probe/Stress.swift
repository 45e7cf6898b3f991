// Everything at once, for ThreadSanitizer: threads and tasks that push, pop, throw, are cancelled, hand their streams
// to others and take connections from the same engine, while a reader asks for snapshots. What they did is counted, and
// the agent's counts must be the same.

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopSnapshot
import Synchronization

enum Stress {
  private static let threads = 4
  private static let tasks = 16
  private static let requests = Atomic<UInt64>(0)
  private static let failures = Atomic<UInt64>(0)
  private static let number = ContextLocal<UInt64>()

  static func run(rounds: Int, _ check: Check) async throws {
    let onThread = try Cases.app()
    let onTask = try Cases.app(ContextRules(.log), .task)
    let engine = CtxtopContexts.Engine(url: "sqlite:///stress.db", poolSize: 5)
    for app in [onThread, onTask] {
      app.onTeardownFailure { _ in failures.wrappingAdd(1, ordering: .relaxed) }
      app.teardownApp("first") { _, error in if error is Refused { throw Refused() } }
      app.teardownRequest("second") { context, _ in
        if let number = context[number], number % 5 == 0 { throw Refused() }
      }
    }
    let isDone = Atomic<Bool>(false)
    async let read: Void = Task {
      while !isDone.load(ordering: .relaxed) {
        _ = try check.worker()
        try await Task.sleep(for: .milliseconds(1))
      }
    }.value
    async let threaded: Void = Task.detached {
      onThreads(threads) { seed in serve(onThread, engine, rounds, UInt64(seed)) }
    }.value
    try await withThrowingTaskGroup(of: Void.self) { group in
      for seed in 0..<tasks { group.addTask { await serveTasks(onTask, engine, rounds / 4, UInt64(seed) + 100) } }
      try await group.waitForAll()
    }
    await threaded
    isDone.store(true, ordering: .relaxed)
    try await read
    try compare(check)
  }

  private static func compare(_ check: Check) throws {
    let worker = try check.worker()
    check.equal(worker.counters.requests, requests.load(ordering: .relaxed), "requests")
    check.equal(worker.counters.requestsEnded, requests.load(ordering: .relaxed), "ended requests")
    check.equal(worker.counters.teardownFailures, failures.load(ordering: .relaxed), "failures")
    check.equal(worker.counters.contextsPushed, worker.counters.contextsPopped, "pushed contexts")
    check.equal(worker.counters.contextsLeaked, 0, "leaked contexts")
    check.equal(worker.counters.checkouts, worker.counters.checkins, "checkouts")
    check.that(worker.units.allSatisfy { $0.contexts.isEmpty && $0.request == nil }, "nothing is left")
  }

  private static func serve(_ app: App, _ engine: CtxtopContexts.Engine, _ rounds: Int, _ seed: UInt64) {
    var random = Dice(state: seed)
    let connection = engine.opened()
    for round in 0..<rounds {
      requests.wrappingAdd(1, ordering: .relaxed)
      let fails = random.next() % 4 == 0
      try? app.withRequest(Cases.request()) { context in
        context[number] = UInt64(round)
        connection.checkedOut()
        defer { connection.checkedIn() }
        if round % 3 == 0 { try? app.withApp { _ in } }
        // Not popped: the request's own pop sees to it.
        if round % 7 == 0 { _ = try? app.pushApp() }
        if fails { throw Refused() }
      }
    }
    connection.closed()
  }

  private static func serveTasks(_ app: App, _ engine: CtxtopContexts.Engine, _ rounds: Int, _ seed: UInt64) async {
    var random = Dice(state: seed)
    for round in 0..<rounds {
      requests.wrappingAdd(1, ordering: .relaxed)
      switch random.next() % 3 {
      case 0: await stream(app)
      case 1: await cancelled(app)
      default:
        try? await app.withRequest(Cases.request()) { context in
          context[number] = UInt64(round)
          async let child: Void? = try? app.withApp { _ in await Task.yield() }
          async let held: Void = hold(engine)
          await Task.yield()
          _ = await (child, held)
          if round % 2 == 0 { throw Refused() }
        }
      }
    }
  }

  private static func hold(_ engine: CtxtopContexts.Engine) async {
    let connection = engine.opened()
    connection.checkedOut()
    await Task.yield()
    connection.checkedIn()
    connection.closed()
  }

  private static func cancelled(_ app: App) async {
    let work = Task {
      try await app.withRequest(Cases.request()) { _ in
        try await app.withApp { _ in try await Task.sleep(for: .seconds(60)) }
      }
    }
    await Task.yield()
    work.cancel()
    _ = await work.result
  }

  private static func stream(_ app: App) async {
    let served = app.serve(Cases.request())
    try? await served.run {
      _ = try served.push()
      await Task.yield()
    }
    served.stream()
    let rest = Task {
      try await served.run {
        await Task.yield()
        try RequestContext.current?.pop()
      }
    }
    _ = await rest.result
    served.close()
  }
}
