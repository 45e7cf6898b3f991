// Eight threads in each of four processes, at once: what the agents counted is what happened. Tests/storm does the same
// with a hundred million events.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Counts", .serialized)
struct CountTests {
  @Test("Events of 8 threads in 4 processes are counted to the last")
  func exact() throws {
    let rounds = 2_000
    let place = TemporaryDirectory()
    let probes = (0..<4).map { _ in Probe(place.path) }
    for probe in probes { #expect(probe.ask("attach") == "0") }
    for probe in probes { probe.tell("events 8 \(rounds)") }
    for probe in probes { #expect(probe.answer() == "ok") }
    var reader = try SegmentReader(path: place.path + "/" + shopSegment)
    let workers = try reader.snapshot().workers
    #expect(workers.count == 4)
    let requests = UInt64(8 * rounds)
    for worker in workers {
      let counters = worker.counters
      #expect(counters.requests == requests && counters.requestsEnded == requests)
      #expect(counters.contextsPushed == 2 * requests && counters.contextsPopped == 2 * requests)
      #expect(counters.checkouts == requests && counters.checkins == requests)
      #expect(counters.teardownFailures == 16 && counters.exceptions == 16)
      #expect(worker.failures.reduce(0) { $0 + $1.count } == 16)
      #expect(worker.latency.counts.reduce(0, +) == requests)
      #expect(counters.dropped == Dropped() && worker.unstable == 0)
    }
  }
}
