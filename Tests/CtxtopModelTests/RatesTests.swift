// Rates come from two snapshots of the same worker, or there are none.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Rates")
struct RatesTests {
  @Test("From two passes a second apart")
  func twoPasses() throws {
    let rates = Rates(from: Fixture.shop(at: 0), to: Fixture.shop(at: 1))
    #expect(rates.interval == 1_000_000_000)
    let first = try #require(rates.workers[0])
    #expect(first.requests == 103)
    #expect(first.exceptions == 1)
    #expect(first.teardownFailures == 0)
    #expect(abs((first.cpuPercent ?? 0) - 23) < 0.001)
    let total = try #require(rates.total)
    #expect(total.requests == 296)
    #expect(abs(Double(total.p50 ?? 0) / 12e6 - 1) < 0.1)
  }

  @Test("The first pass has none")
  func firstPass() {
    let rates = Rates(from: nil, to: Fixture.shop())
    #expect(rates.interval == nil)
    #expect(rates.total == nil)
    #expect(rates.workers == [nil, nil, nil, nil])
  }

  @Test("A worker that is new in its slot has none, and does not count into the total")
  func newWorker() throws {
    var now = Fixture.shop(at: 1)
    now.workers[0].generation = 2
    let rates = Rates(from: Fixture.shop(at: 0), to: now)
    #expect(rates.workers[0] == nil)
    #expect(rates.total?.requests == 193)
  }

  @Test("Counters that fell, time that went back, and time that stood still give none")
  func impossible() {
    var now = Fixture.shop(at: 1)
    now.workers[0].counters.requests = 1
    #expect(Rates(from: Fixture.shop(at: 0), to: now).workers[0] == nil)
    #expect(Rates(from: Fixture.shop(at: 1), to: Fixture.shop(at: 0)).total == nil)
    #expect(Rates(from: Fixture.shop(at: 1), to: Fixture.shop(at: 1)).total == nil)
  }

  @Test("Workers are found by slot and generation, wherever they stand")
  func reordered() {
    var now = Fixture.shop(at: 1)
    now.workers.reverse()
    #expect(Rates(from: Fixture.shop(at: 0), to: now).workers[3]?.requests == 103)
  }

  @Test("Latencies are those of the interval, and of no request none")
  func latencies() {
    var now = Fixture.shop(at: 1)
    now.workers[0].latency = Fixture.shop(at: 0).workers[0].latency
    now.workers[0].latency.counts[LatencyHistogram.bucket(of: 2_000_000_000)] += 10
    now.workers[0].latency.longest = 2_100_000_000
    let rates = Rates(from: Fixture.shop(at: 0), to: now)
    #expect(abs(Double(rates.workers[0]?.p50 ?? 0) / 2e9 - 1) < 0.1)
    now.workers[0].latency = Fixture.shop(at: 0).workers[0].latency
    #expect(Rates(from: Fixture.shop(at: 0), to: now).workers[0]?.p50 == nil)
  }

  @Test("No kernel sample, no share of the processor")
  func noKernel() {
    var now = Fixture.shop(at: 1)
    now.workers[0].kernel = nil
    #expect(Rates(from: Fixture.shop(at: 0), to: now).workers[0]?.cpuPercent == nil)
  }
}
