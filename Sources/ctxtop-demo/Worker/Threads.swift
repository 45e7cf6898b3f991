// A pool of threads that serve requests one at a time each: what a context stack is bound to.

import CCtxtop
import Glibc

/// Threads that do what is submitted, first come, first served.
final class Threads: @unchecked Sendable {
  // Sendable: what the threads share is touched under the mutex alone.

  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var work: [@Sendable () -> Void] = []
  private var isStopping = false
  private var threads: [pthread_t] = []

  /// Starts so many threads, called `name-1`, `name-2`, ...
  init(_ count: Int, named name: String) {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
    for number in 1...count {
      let start = Start(self, "\(name)-\(number)")
      var thread = pthread_t()
      let code = pthread_create(&thread, nil, { Start.run($0) }, Unmanaged.passRetained(start).toOpaque())
      if code == 0 { threads.append(thread) } else { Unmanaged.passUnretained(start).release() }
    }
  }

  /// Has one of the threads do it.
  func submit(_ task: @escaping @Sendable () -> Void) {
    pthread_mutex_lock(mutex)
    work.append(task)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns when all that was submitted is done and all threads have ended.
  func stop() {
    pthread_mutex_lock(mutex)
    isStopping = true
    pthread_cond_broadcast(condition)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  private func next() -> (@Sendable () -> Void)? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while work.isEmpty, !isStopping { pthread_cond_wait(condition, mutex) }
    return work.isEmpty ? nil : work.removeFirst()
  }

  /// What a thread begins with.
  private final class Start {
    private let threads: Threads
    private let name: String

    init(_ threads: Threads, _ name: String) {
      self.threads = threads
      self.name = name
    }

    static func run(_ start: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let start else { return nil }
      let own = Unmanaged<Start>.fromOpaque(start).takeRetainedValue()
      ctxtop_name_thread(own.name)
      while let task = own.threads.next() { task() }
      return nil
    }
  }

  /// Runs a task on a thread that is there for nothing else, and waits for its end.
  static func once(named name: String, _ task: @escaping @Sendable () -> Void) {
    let threads = Threads(1, named: name)
    threads.submit(task)
    threads.stop()
  }
}
