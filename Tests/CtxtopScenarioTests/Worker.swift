// Threads that do what they are told, one thing at a time, while whoever tells them waits: stacks belong to threads, so
// each thread of a scenario is one.

import Foundation

/// Sendable: `work` is handed over by the semaphores, and only the thread that holds the turn touches it.
final class Worker: @unchecked Sendable {
  private let told = DispatchSemaphore(value: 0)
  private let done = DispatchSemaphore(value: 0)
  private var work: (() -> Void)?

  static let nameKey = "scenario-thread"

  init(_ name: String) {
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
  func run(_ work: () -> Void) {
    withoutActuallyEscaping(work) { work in
      self.work = work
      told.signal()
      done.wait()
      self.work = nil
    }
  }

  /// Ends the thread; what it leaves on its stacks goes with it.
  func end() {
    told.signal()
    done.wait()
  }
}
