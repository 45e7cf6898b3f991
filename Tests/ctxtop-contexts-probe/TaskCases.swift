// What the agent is told of contexts on tasks.

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit
import CtxtopSnapshot
import Synchronization

extension Cases {
  static let tasks: [String: @Sendable (Check) async throws -> Void] = [
    "tasks": tasks, "taskLeak": taskLeak, "cancelled": cancelled, "child": child, "copy": copy,
    "taskStream": taskStream, "synchronous": synchronous, "suspended": suspended, "taskJob": taskJob,
  ]

  private static let rest = Duration.milliseconds(2)

  /// Many at once, each on stacks of its own, whatever thread they go on with.
  @Sendable private static func tasks(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    let order = ContextLocal<Int>()
    await withTaskGroup(of: Bool.self) { group in
      for number in 0..<50 {
        let route = Route(endpoint: "task\(number)", rule: "/task")
        group.addTask {
          let isOwn = try? await app.withRequest(request(route)) { context in
            context[order] = number
            for _ in 0..<5 {
              try await Task.sleep(for: rest)
              guard RequestContext.current === context, context[order] == number else { return false }
            }
            return AppContext.current?.app === app
          }
          return isOwn == true
        }
      }
      for await isOwn in group { check.that(isOwn, "each has its own context") }
    }
    let worker = try check.worker()
    check.equal(worker.counters.requestsEnded, 50)
    check.equal(worker.counters.contextsPopped, 100)
    check.equal(worker.counters.contextsReused + worker.counters.contextsLeaked, 0)
    check.that(worker.units.allSatisfy { $0.contexts.isEmpty && $0.request == nil }, "nothing is left")
    check.equal(worker.server.model, "tasks")
  }

  /// What a task leaves is evidence when it has gone, and nobody else's.
  @Sendable private static func taskLeak(_ check: Check) async throws {
    let app = try app(.flask0_10, .task)
    app.teardownApp("commit") { _, _ in throw Refused() }
    do { try await app.withRequest(request()) { _ in await Task.yield() } } catch is CtxtopContexts.TeardownFailure {}
    try await Task {
      do {
        try await app.withRequest(request()) { _ in await Task.yield() }
      } catch is CtxtopContexts.TeardownFailure {}
    }.value
    let worker = try check.worker()
    check.equal(worker.units.filter { $0.kind == .task }.map(\.isGone), [true, true])
    check.equal(worker.units.flatMap(\.contexts).map { $0.left != nil }, [true, true])
    check.equal(worker.counters.contextsReused, 0)
    check.equal(worker.counters.contextsLeaked, 2)
  }

  @Sendable private static func cancelled(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    let told = Atomic<Int>(0)
    app.teardownRequest("told") { _, error in
      if error is CancellationError { told.wrappingAdd(1, ordering: .relaxed) }
    }
    let work = Task {
      try await app.withRequest(request()) { _ in try await Task.sleep(for: .seconds(60)) }
    }
    while try check.worker().counters.requests == 0 { await Task.yield() }
    work.cancel()
    let result = await work.result
    check.that((try? result.get()) == nil, "it was cancelled")
    check.equal(told.load(ordering: .relaxed), 1)
    let worker = try check.worker()
    check.equal(worker.counters.exceptions, 1)
    check.that(worker.units.allSatisfy { $0.contexts.isEmpty && $0.request == nil }, "nothing is left")
  }

  /// A child works for its parent's request, and pushes on stacks of its own.
  @Sendable private static func child(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    let connection = CtxtopContexts.Engine(url: "sqlite://").opened()
    try await app.withRequest(request()) { context in
      async let inside: Bool = {
        connection.checkedOut()
        guard RequestContext.current == nil, RequestDescription.current?.route.endpoint == "cart" else { return false }
        return try await app.withApp { own in
          await Task.yield()
          return AppContext.current === own
        }
      }()
      check.that(try await inside, "a child has its own contexts and knows whose work it does")
      check.that(RequestContext.current === context, "its parent has kept its own")
      let worker = try check.worker()
      check.equal(worker.connections.first?.holder?.label?.endpoint, "cart")
      check.equal(worker.units.filter { !$0.contexts.isEmpty }.count, 1)
      connection.checkedIn()
    }
  }

  private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
  }

  /// A task that outlives the request it was made in works for a context that has ended.
  @Sendable private static func copy(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    let connection = CtxtopContexts.Engine(url: "sqlite://").opened()
    let over = Flag()
    let work = try await app.withRequest(request()) { _ in
      await Task.yield()
      return Task {
        while !over.isSet.load(ordering: .acquiring) { await Task.yield() }
        return connection.checkedOut()
      }
    }
    over.isSet.store(true, ordering: .releasing)
    check.that(await work.value, "its context has ended")
  }

  /// A response whose body another task writes.
  @Sendable private static func taskStream(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    let served = app.serve(request())
    try await served.run {
      await Task.yield()
      _ = try served.push()
    }
    served.stream()
    try await Task {
      try await served.run {
        await Task.yield()
        guard let context = RequestContext.current else { throw ContextError.noContext }
        let unit = try check.worker().units.first { $0.kind == .task }
        check.equal(unit?.request?.isStreaming, true)
        check.equal(unit?.contexts.count, 2)
        try context.pop()
      }
    }.value
    served.close()
    let worker = try check.worker()
    check.equal(worker.counters.requestsEnded, 1)
    check.equal(worker.counters.contextsLeaked, 0)
    check.that(worker.units.allSatisfy { $0.contexts.isEmpty }, "nothing is left")
  }

  /// Code of no task has its thread's stacks, and code of a task that does not suspend needs no others.
  @Sendable private static func synchronous(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    try serve(app, check)
    try await app.withRequest(request()) { context in
      await Task.yield()
      try app.pushApp().pop()
      check.that(RequestContext.current === context, "the task's own is current")
    }
    check.equal(try check.worker().counters.requestsEnded, 2)
    let served = app.serve(request())
    onThreads(1) { _ in try? served.run { _ = try served.push() } }
    try await served.run {
      await Task.yield()
      try RequestContext.current?.pop()
    }
    served.close()
    let worker = try check.worker()
    check.equal(worker.counters.requestsEnded, 3)
    check.equal(worker.counters.contextsPopped, worker.counters.contextsPushed)
    check.equal(worker.counters.contextsLeaked, 0)
  }

  private static func serve(_ app: App, _ check: Check) throws {
    try app.withRequest(request()) { context in
      check.that(RequestContext.current === context, "the thread's own is current")
    }
  }

  /// An app with stacks on threads cannot suspend.
  @Sendable private static func suspended(_ check: Check) async throws {
    let app = try app()
    do {
      try await app.withRequest(request()) { _ in await Task.yield() }
      check.that(false, "it is refused")
    } catch ContextError.needsTaskStacks {}
  }

  @Sendable private static func taskJob(_ check: Check) async throws {
    let app = try app(ContextRules(.finish), .task)
    try await app.withApp { _ in
      try await app.withRequest(request()) { _ in
        await Task.yield()
        check.equal(try check.worker().units.first { $0.kind == .task }?.contexts.map(\.kind), [.app, .request])
      }
    }
    check.equal(try check.worker().counters.contextsReused, 1)
  }
}
