// The stacks of a task. A task-local value leads to them, and child tasks inherit that value; but stacks have one owner
// at a time. So each says which task runs on it, and a task that is not the one sees what it inherited - which request
// it works for, on whose context - and pushes on stacks of its own.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// A unit that is no thread: what a task, or an open request that goes from task to task, does.
final class TaskUnit: @unchecked Sendable {
  // Sendable: `stacks` and what `state` points to belong to the owner, which `owner` names.

  let stacks = UnitStacks()
  let state: UnsafeMutablePointer<ctxtop_thread>
  private let owner = Atomic<UInt>(0)

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: ctxtop_thread())
    state.pointee.kind = 2
  }

  deinit { state.deallocate() }

  /// Whether the calling task is the one that runs on these stacks.
  var isCurrent: Bool {
    owner.load(ordering: .relaxed) == Self.currentTask
  }

  /// The calling task runs on it; false: another one does.
  func enter() -> Bool {
    owner.compareExchange(expected: 0, desired: Self.currentTask, ordering: .acquiring).exchanged
  }

  /// The calling task does so no more.
  func leave() { owner.store(0, ordering: .releasing) }

  /// Nobody will run on it any more.
  func end() { Agent.coroutineEnds(state) }

  /// Tells tasks apart, by their address; where none runs, threads by an odd number. Never 0.
  private static var currentTask: UInt {
    withUnsafeCurrentTask { $0.map { unsafeBitCast($0, to: UInt.self) } } ?? UInt(pthread_self()) | 1
  }

  /// The unit of the calling task; nil: it has none, or no task runs here.
  static var current: TaskUnit? {
    guard let unit = TaskScope.current?.unit, unit.isCurrent else { return nil }
    return unit
  }

  /// There are apps whose contexts stand on tasks. Before the first request.
  static func expect() {
    expectation.store(true, ordering: .relaxed)
    if Agent.attachment != 0 { tellAgent() }
  }

  static var isExpected: Bool { expectation.load(ordering: .relaxed) }

  /// From now on the agent asks which task an event belongs to, if there can be any.
  static func tellAgent() {
    if isExpected { _ = told }
  }

  private static let expectation = Atomic<Bool>(false)

  private static let told: Void = {
    Agent.currentApp = { isPushed in TaskScope.current?.inheritedApp(&isPushed.pointee) ?? 0 }
    Agent.coroutine = { TaskUnit.current?.state }
  }()
}

/// What a task and its children see of the work they belong to.
final class TaskScope: @unchecked Sendable {
  // Sendable: `context` and `request` are set once, before the scope's body runs and can make children.

  let unit: TaskUnit
  private(set) var request: RequestDescription?
  private var context: AppContext?

  @TaskLocal static var current: TaskScope?

  init(_ unit: TaskUnit, inheriting outer: TaskScope? = nil) {
    self.unit = unit
    request = outer?.request
    context = outer?.context
  }

  /// The contexts are pushed that the scope is for.
  func open(_ context: AppContext?, _ request: RequestDescription?) {
    if let context { self.context = context }
    if let request { self.request = request }
  }

  /// The app context that children see; 0: none. Of the context only what never changes while it is known is read.
  func inheritedApp(_ isPushed: inout Bool) -> UInt64 {
    guard let context else { return 0 }
    isPushed = context.isPushed.load(ordering: .acquiring)
    return context.identity
  }
}

/// What a task has others do for it on a thread of theirs: who holds what they take is the task.
package struct TaskCarrier: Sendable {
  private let scope = TaskScope.current

  /// Of the calling task.
  package init() {}

  /// Does it.
  package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    try TaskScope.$current.withValue(scope, operation: body)
  }
}

extension UnitStacks {
  /// The stacks for an app's contexts where the caller stands.
  @inline(__always)
  static func current(for app: App) -> UnitStacks { current(app.stacks) }

  @inline(__always)
  static func current(_ kind: Stacks) -> UnitStacks { kind == .thread ? ThreadStacks.current : ofTaskOrThread }

  /// The stacks of whatever runs here.
  static var current: UnitStacks { TaskUnit.isExpected ? ofTaskOrThread : ThreadStacks.current }

  private static var ofTaskOrThread: UnitStacks { TaskUnit.current?.stacks ?? ThreadStacks.current }
}
