// Threads that do what they are told, one thing at a time, while whoever tells them waits: stacks belong to threads, or
// to tasks, so each thread of a scenario is one, or one task after the other on stacks of their own.

import Foundation

@testable import CtxtopContexts

/// Sendable: `work` is handed over by the semaphores, and only the thread that holds the turn touches it.
final class Worker: TaskExecutor, @unchecked Sendable {
  private let told = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)
  private var work: (() -> Void)?
  /// Nil: the stacks are the thread's.
  private let unit: TaskUnit?

  private static let nameKey = "scenario-thread"

  init(_ name: String, _ stacks: Stacks) {
    unit = stacks == .task ? TaskUnit() : nil
    let thread = Thread { [self] in
      Thread.current.threadDictionary[Worker.nameKey] = name
      while true {
        told.wait()
        guard let work else { break }
        work()
        done.signal()
      }
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
  }

  /// The name of the calling thread in its scenario.
  static var currentName: String { Thread.current.threadDictionary[nameKey] as? String ?? "" }

  /// Returns when it is done.
  func run(_ work: @escaping () -> Void) {
    guard let unit else { return tell(work) }
    let turn = Turn(unit: unit, work: work)
    Task(executorPreference: self) { turn.take() }
  }

  /// A task's only job: it runs on our thread, and whoever made the task waits here until it has.
  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    tell { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }

  private func tell(_ work: @escaping () -> Void) {
    self.work = work
    told.signal()
    done.wait()
    self.work = nil
  }

  /// Ends the thread; what it leaves on its stacks goes with it.
  func end() {
    told.signal()
    done.wait()
    unit?.end()
  }
}

/// What one task does. Sendable: whoever made the task waits for its end.
private struct Turn: @unchecked Sendable {
  let unit: TaskUnit
  let work: () -> Void

  func take() {
    _ = unit.enter()
    TaskScope.$current.withValue(TaskScope(unit)) { work() }
    unit.leave()
  }
}
