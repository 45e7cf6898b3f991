// Metrics: names, labels and numbers. That Prometheus reads them is tested with Prometheus, in Tests/Operator.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Prometheus")
struct PrometheusTests {
  private let market = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))

  private func lines(_ model: Model) -> [String] {
    String(decoding: Report.bytes(model, as: .prometheus), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  @Test("The whole page of a market")
  func page() {
    let text = String(decoding: Report.bytes(market, as: .prometheus), as: UTF8.self)
    expectFile(text, at: "Tests/CtxtopReportTests/__Documents__/market.prom")
  }

  @Test("Each metric has its name once, and begins with ctxtop_")
  func names() {
    let names = Metric.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Metric.all.allSatisfy { $0.name.hasPrefix("ctxtop_") && $0.help.hasSuffix(".") })
    #expect(Metric.all.allSatisfy { ($0.kind == .counter) == $0.name.hasSuffix("_total") })
    // The market has a number for each.
    let lines = lines(market)
    for metric in Metric.all { #expect(lines.contains("# TYPE \(metric.name) \(metric.kind.rawValue)")) }
  }

  @Test("What is not known is not there, and is no zero")
  func unknown() {
    var snapshot = Fixture.service("shop")
    snapshot.workers = [Worker(slot: 0, generation: 1, pid: 7)]
    snapshot.workers[0].liveness = .alive
    snapshot.workers[0].counters.requests = 5
    let lines = lines(Model(now: snapshot))
    #expect(lines.contains("ctxtop_requests_total{app=\"shop\",pid=\"7\",slot=\"0\"} 5"))
    for name in [
      "worker_resident_memory_bytes", "worker_cpu_seconds_total", "worker_start_time_seconds", "worker_listen_queue",
      "worker_last_seen_timestamp_seconds", "worker_last_event_timestamp_seconds", "requests_capacity",
      "connections_limit", "connections_oldest_checkout_seconds", "request_duration_seconds", "workers_configured",
      "verdicts",
    ] {
      #expect(!lines.contains { $0.contains("ctxtop_\(name)") }, "\(name)")
    }
  }

  @Test("That there is no verdict is known from two passes")
  func noVerdict() {
    let model = Model(now: Fixture.healthy(at: 1), earlier: Fixture.healthy(at: 0))
    let verdicts = lines(model).filter { $0.hasPrefix("ctxtop_verdicts{") }
    #expect(verdicts.count == VerdictCatalogue.all.count && verdicts.allSatisfy { $0.hasSuffix(" 0") })
  }

  @Test("What has ended has counters, and nothing that would be now")
  func gone() {
    let dead = lines(market).filter { $0.contains("pid=\"4315\"") }
    #expect(dead.contains { $0.hasPrefix("ctxtop_requests_total{") })
    #expect(dead.contains { $0.contains("state=\"dead\"") })
    #expect(!dead.contains { $0.hasPrefix("ctxtop_requests_in_flight{") || $0.hasPrefix("ctxtop_connections_open{") })
  }

  @Test("Buckets include those below them, and the last one all")
  func histogram() {
    var snapshot = Fixture.healthy(workers: 1)
    var latency = LatencyHistogram()
    latency.counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    for nanoseconds: UInt64 in [0, 131_071, 131_072, 1_048_575, 1_048_576, 900_000_000_000] {
      latency.counts[LatencyHistogram.bucket(of: nanoseconds)] += 1
    }
    snapshot.workers[0].latency = latency
    let counts = lines(Model(now: snapshot)).filter { $0.hasPrefix("ctxtop_request_duration_seconds_") }
    func count(_ bound: String) -> String? {
      counts.first { $0.contains("le=\"\(bound)\"") }?.split(separator: " ").last.map(String.init)
    }
    #expect(count("0.000131072") == "2" && count("0.000262144") == "3" && count("0.001048576") == "4")
    #expect(count("0.002097152") == "5" && count("68.719476736") == "5" && count("+Inf") == "6")
    #expect(counts.last?.hasPrefix("ctxtop_request_duration_seconds_count{") == true)
    #expect(counts.last?.hasSuffix(" 6") == true && counts.count == 22)
  }

  @Test("Labels are escaped, and a made-up worker spoils no page")
  func hostile() {
    var snapshot = Fixture.healthy(workers: 2)
    snapshot.service = "a\\b\"c\nd"
    snapshot.workers[1].ownSlot = 0
    snapshot.workers[1].pid = 4312
    snapshot.workers[1].number = 1
    let lines = lines(Model(now: snapshot))
    #expect(
      lines.contains { $0.hasPrefix(#"ctxtop_requests_total{app="a\\b\"c\nd",worker="1",pid="4312",slot="0"} "#) })
    let series = lines.filter { !$0.hasPrefix("#") }.map { $0.prefix { $0 != "}" } }
    #expect(Set(series).count == series.count)
  }
}
