// What the threads of a busy server do, as fast as they can. How often they did each thing is known beforehand, so that
// whoever reads the segment can tell whether everything was counted.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard

enum Events {
  /// Events that one round of a thread makes.
  static let perRound = 8
  /// Every so many rounds a teardown function raises, and so does the request.
  static let failureInterval = 1000

  /// Runs so many rounds on each of so many threads; returns when all have ended.
  static func run(threads: Int, rounds: Int) {
    let work = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    work.pointee = rounds
    var running: [pthread_t] = []
    for _ in 0..<threads {
      var thread = pthread_t()
      guard pthread_create(&thread, nil, Self.play, work) == 0 else { exit(1) }
      running.append(thread)
    }
    for thread in running { pthread_join(thread, nil) }
    work.deallocate()
  }

  private static let play: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { work in
    let connection = Agent.connectionOpened(engine: 0, backendPID: 7)
    let frame = name("shop.py:41 cart")
    for round in 1...(work?.load(as: Int.self) ?? 1) { play(round, connection, frame) }
    Agent.connectionClosed(connection)
    return nil
  }

  private static func play(_ round: Int, _ connection: HoldingToken?, _ frame: UInt32) {
    let fails = round % failureInterval == 0
    let identity = UInt64(round)
    var request = Agent.beginRequest(method: 1)
    Agent.contextPushed(kind: 0, identity: identity, frame: frame)
    Agent.contextPushed(kind: 1, identity: identity &+ 1 &<< 32, frame: frame)
    _ = Agent.checkedOut(connection, inherited: false, frame: frame)
    Agent.checkedIn(connection)
    Agent.contextPopped(kind: 1, identity: identity &+ 1 &<< 32)
    if fails { fail(frame) }
    Agent.contextPopped(kind: 0, identity: identity)
    Agent.endRequest(&request, raised: fails)
  }

  private static func fail(_ function: UInt32) {
    var failure = FailureWords()
    failure.function = function
    let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
    Agent.teardownFailed(
      failure, skipped: UnsafeBufferPointer(start: nil, count: 0), message: nothing, traceback: nothing)
  }

  private static func name(_ text: StaticString) -> UInt32 {
    Agent.name(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
