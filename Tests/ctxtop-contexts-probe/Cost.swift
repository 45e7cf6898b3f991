// What events cost, in nanoseconds, for the benchmark: written to the standard output as JSON.
//
//   cost once <turns>             one thread: an empty call with a clock read, and events, measured in turns
//   cost cpu <turns> <threads>    the same of a request's events on one thread and on several at once
//
// All times are processor time: what else the machine does is not ours. Turns are short, so that some are not disturbed.

import CCtxtop
import CtxtopContexts
import CtxtopGuestTestKit

enum Cost {
  /// Requests in a turn.
  private static let requests = 1000
  /// Pushes and pops of contexts in one request.
  private static let eventsInRequest = 4

  static func run(_ words: [String]) throws {
    guard words.count > 1, let turns = Int(words[1]), turns > 0 else { exit(64) }
    switch words[0] {
    case "once": try once(turns)
    case "cpu": try cpu(turns, threads: words.count > 2 ? Int(words[2]) ?? 1 : 1)
    default: exit(64)
    }
  }

  private static func once(_ turns: Int) throws {
    let app = try Cases.app()
    var floor: [Double] = []
    var request: [Double] = []
    var pushed: [Double] = []
    for _ in 0..<turns {
      floor.append(measure(CLOCK_THREAD_CPUTIME_ID, requests) { callEmpty(requests) })
      request.append(try measure(CLOCK_THREAD_CPUTIME_ID, requests * eventsInRequest) { try serve(app, requests) })
      pushed.append(try measure(CLOCK_THREAD_CPUTIME_ID, requests * 2) { try pushAndPop(app, requests) })
    }
    print("{\"floor\": \(best(floor)), \"request\": \(best(request)), \"push\": \(best(pushed))}")
  }

  private static func cpu(_ turns: Int, threads: Int) throws {
    let app = try Cases.app()
    var one: [Double] = []
    var many: [Double] = []
    for _ in 0..<turns {
      one.append(spent(app, requests * threads, threads: 1))
      many.append(spent(app, requests, threads: threads))
    }
    print("{\"one\": \(best(one)), \"many\": \(best(many))}")
  }

  /// Together with what starting the threads takes.
  private static func spent(_ app: App, _ requests: Int, threads: Int) -> Double {
    measure(CLOCK_PROCESS_CPUTIME_ID, requests * threads * eventsInRequest) {
      onThreads(threads) { _ in try? serve(app, requests) }
    }
  }

  /// Noise only ever adds: the best turn is the one that had least of it.
  private static func best(_ times: [Double]) -> Double { times.min() ?? 0 }

  private static func measure(_ clock: Int32, _ count: Int, _ body: () throws -> Void) rethrows -> Double {
    let begun = now(clock)
    try body()
    return Double(now(clock) - begun) / Double(count)
  }

  private static func now(_ clock: Int32) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  @inline(never)
  private static func callEmpty(_ count: Int) {
    for index in 0..<count {
      empty(index)
      last = now(CLOCK_MONOTONIC)
    }
  }

  /// Kept, so that no clock read is left out.
  nonisolated(unsafe) private static var last = 0

  @inline(never)
  private static func empty(_ index: Int) { withExtendedLifetime(index) {} }

  private static func serve(_ app: App, _ count: Int) throws {
    for _ in 0..<count { try app.withRequest(Cases.request()) { _ in } }
  }

  private static func pushAndPop(_ app: App, _ count: Int) throws {
    try app.withRequest(Cases.request()) { _ in
      for _ in 0..<count { try app.pushApp().pop() }
    }
  }
}
