// Real threads for tests of what real threads do: the concurrency runtime has as many as there are cores,
// and a test that waits for one of them could wait for ever.

import Glibc

private final class Work {
  let body: () -> Void
  init(_ body: @escaping () -> Void) { self.body = body }
}

private func run(_ work: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let work { Unmanaged<Work>.fromOpaque(work).takeRetainedValue().body() }
  return nil
}

/// Runs `body` on `count` threads at once and waits for all of them.
package func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  var threads: [pthread_t] = []
  for index in 0..<count {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(Work { body(index) })
    guard pthread_create(&thread, nil, run, work.toOpaque()) == 0 else { fatalError("no thread") }
    threads.append(thread)
  }
  for thread in threads { pthread_join(thread, nil) }
}
