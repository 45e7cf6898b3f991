// Many events at once, in real agents: what was counted must be what happened, to the last event. Meanwhile the segment
// is read all the time, and no count ever goes back.

import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Glibc

struct Events {
  private static let processes = 4
  private static let threads = 8
  /// As Tests/ctxtop-guest-probe/Events.swift has it.
  private static let eventsOfARound = 8
  private static let failureInterval = 1000

  private let rounds: Int
  private let place = TemporaryDirectory()

  init(count: UInt64) {
    let roundsOfAll = Self.processes * Self.threads * Self.eventsOfARound
    rounds = max((Int(truncatingIfNeeded: count) + roundsOfAll - 1) / roundsOfAll, 1)
  }

  func run() {
    let probes = (0..<Self.processes).map { _ in Probe(place.path) }
    for probe in probes where probe.ask("attach") != "0" { Storm.fail("a worker could not attach") }
    let began = Stopwatch.seconds
    for probe in probes { probe.tell("events \(Self.threads) \(rounds)") }
    var readings = 0
    var reader = open()
    var before = Counters()
    while !probes.allSatisfy(\.hasAnswered) {
      let counters = sum(read(&reader))
      if !isAfter(counters, before) { Storm.fail("a count went back: \(before) then \(counters)") }
      before = counters
      readings += 1
      usleep(2000)
    }
    for probe in probes where probe.answer() != "ok" { Storm.fail("a worker ended too soon") }
    let seconds = Stopwatch.seconds - began
    let workers = read(&reader)
    for worker in workers { check(worker) }
    guard workers.count == Self.processes else { Storm.fail("\(workers.count) workers are there") }
    let events = expected * Self.processes * Self.eventsOfARound
    print(
      """
      {"events": \(events), "processes": \(Self.processes), "threads": \(Self.threads), "seconds": \(seconds), \
      "ns_per_event": \(seconds * 1e9 / Double(events)), "readings": \(readings), \
      "failures": \(workers.reduce(0) { $0 + $1.counters.teardownFailures })}
      """)
  }

  /// Requests of one worker.
  private var expected: Int { Self.threads * rounds }

  /// What a worker says of itself must be what it did.
  private func check(_ worker: Worker) {
    let counters = worker.counters
    let requests = UInt64(expected)
    let failures = UInt64(Self.threads * (rounds / Self.failureInterval))
    let threads = UInt64(Self.threads)
    let counts: [(String, UInt64, UInt64)] = [
      ("requests", counters.requests, requests), ("requests ended", counters.requestsEnded, requests),
      ("latencies", worker.latency.counts.reduce(0, +), requests),
      ("contexts pushed", counters.contextsPushed, 2 * requests),
      ("contexts popped", counters.contextsPopped, 2 * requests),
      ("checkouts", counters.checkouts, requests), ("checkins", counters.checkins, requests),
      ("connections opened", counters.connectionsOpened, threads),
      ("connections closed", counters.connectionsClosed, threads),
      ("exceptions", counters.exceptions, failures), ("teardown failures", counters.teardownFailures, failures),
      ("occurrences", worker.failures.reduce(0) { $0 + $1.count }, failures),
      ("contexts leaked", counters.contextsLeaked, 0), ("contexts reused", counters.contextsReused, 0),
      ("contexts vanished", counters.contextsVanished, 0),
      ("units lost", counters.dropped.units, 0), ("contexts lost", counters.dropped.contexts, 0),
      ("holdings lost", counters.dropped.holdings, 0), ("failures lost", counters.dropped.failures, 0),
      ("names lost", counters.dropped.names, 0), ("unstable records", UInt64(worker.unstable), 0),
    ]
    for (name, count, right) in counts where count != right {
      Storm.fail("worker \(worker.pid): \(count) \(name), not \(right)")
    }
  }

  private func open() -> SegmentReader {
    do { return try SegmentReader(path: place.path + "/" + shopSegment) } catch { Storm.fail("\(error)") }
  }

  private func read(_ reader: inout SegmentReader) -> [Worker] {
    do { return try reader.snapshot().workers } catch { Storm.fail("\(error)") }
  }

  private func sum(_ workers: [Worker]) -> Counters {
    var sum = Counters()
    for worker in workers {
      for count in self.counts { sum[keyPath: count] += worker.counters[keyPath: count] }
    }
    return sum
  }

  private func isAfter(_ counters: Counters, _ before: Counters) -> Bool {
    counts.allSatisfy { counters[keyPath: $0] >= before[keyPath: $0] }
  }

  private let counts: [WritableKeyPath<Counters, UInt64>] = [
    \.requests, \.requestsEnded, \.exceptions, \.contextsPushed, \.contextsPopped, \.checkouts, \.checkins,
    \.teardownFailures,
  ]
}
