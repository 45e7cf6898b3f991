// The JSON of a snapshot: valid whatever the strings hold, and with the names of schema 1. The judge of
// validity is a parser that is not ours.

import CtxtopRandomKit
import CtxtopSnapshot
import CtxtopTestKit
import Foundation
import Testing

@Suite("Snapshot as JSON")
struct SnapshotJSONTests {
  @Test("Facts: verdicts and judged states are null")
  func facts() throws {
    let json = try parse(SnapshotJSON.encode(Fixture.shop()))
    #expect(json["schema"] as? String == "ctxtop.snapshot/1")
    #expect(json["app"] as? String == "shop")
    #expect(json["time"] as? String == "2026-11-22T09:00:00.123456789Z")
    #expect(json["verdicts"] is NSNull)
    let worker = try worker(json)
    #expect(worker["state"] is NSNull)
    #expect(worker["cpu_percent"] is NSNull)
    #expect(worker["liveness"] as? String == "alive")
    #expect(worker["contexts_leaked"] as? Int == 1)
    #expect(worker["kernel_state"] as? String == "S")
    #expect(worker["orphan_sessions"] as? Int == 0)
    #expect(try element("connections", 0, of: worker)["state"] as? String == "checked_out")
    #expect(try element("units", 0, of: worker)["state"] is NSNull)
  }

  @Test("With a judgement they are filled in")
  func judged() throws {
    var verdict = JudgedVerdict()
    verdict.code = "CTX001"
    verdict.worker = 4312
    verdict.evidence = [Evidence("frame", "shop.py:41 chat")]
    let judgement = Judgement(
      workers: [JudgedWorker(state: "leaking", cpuPercent: 12.34, leaked: 7, units: ["in_request"])],
      verdicts: [verdict], actions: ["blog", nil])
    var shop = Fixture.shop()
    shop.actions = (1...2).map {
      ControlAction(number: $0, time: Fixture.wallTime, user: 0, pid: 9, worker: 4312, outcome: .accepted)
    }
    let json = try parse(SnapshotJSON.encode(shop, judgement: judgement))
    let actions = try #require(json["actions"] as? [[String: Any]])
    #expect(actions.map { $0["target"] as? String } == ["blog", nil])
    let worker = try worker(json)
    #expect(worker["state"] as? String == "leaking")
    #expect(worker["cpu_percent"] as? Double == 12.3)
    #expect(worker["contexts_leaked"] as? Int == 7)
    #expect(try element("units", 0, of: worker)["state"] as? String == "in_request")
    #expect(try element("units", 1, of: worker)["state"] is NSNull)
    let found = try #require((json["verdicts"] as? [[String: Any]])?.first)
    #expect(found["evidence"] as? [String: String] == ["frame": "shop.py:41 chat"])
    #expect(found["since"] is NSNull)
  }

  @Test("Every name of schema 1 is there")
  func names() throws {
    let json = try parse(SnapshotJSON.encode(Fixture.shop()))
    let worker = try worker(json)
    expect(
      json,
      has: ["schema", "app", "host", "time", "monotonic_ns", "server", "runtime", "totals", "workers", "verdicts"])
    expect(
      json["totals"],
      has: [
        "requests", "in_flight", "contexts_live", "contexts_leaked", "contexts_reused", "connections_open",
        "connections_checked_out", "teardown_failures", "events_dropped",
      ])
    expect(
      worker,
      has: [
        "number", "pid", "state", "started", "requests", "in_flight", "exceptions", "depth", "contexts_pushed",
        "contexts_leaked", "contexts_reused", "connections_open", "connections_checked_out", "teardown_failures",
        "orphan_sessions", "events_dropped", "latency_ms", "rss_bytes", "cpu_percent", "last_event_ms", "units",
        "contexts", "connections", "failures", "sessions", "resources", "engines", "hazards", "kernel_state",
        "generation", "instance",
      ])
    expect(worker["latency_ms"], has: ["p50", "p99", "max"])
    expect(
      try element("units", 0, of: worker),
      has: ["id", "kind", "name", "state", "depth", "requests", "reused", "request"])
    expect(
      try element("units", 0, of: worker)["request"],
      has: ["method", "endpoint", "rule", "age_ms", "streaming", "context"])
    expect(
      try element("contexts", 0, of: worker),
      has: ["id", "kind", "unit", "state", "age_ms", "method", "endpoint", "rule", "frame", "requests_served"])
    expect(
      try element("connections", 0, of: worker), has: ["id", "engine", "backend_pid", "state", "age_ms", "holder"])
    expect(
      try element("connections", 0, of: worker)["holder"], has: ["context", "unit", "method", "endpoint", "frame"])
    expect(
      try element("failures", 0, of: worker),
      has: [
        "function", "location", "kind", "blueprint", "exception", "message", "method", "endpoint", "count", "first",
        "last", "skipped", "traceback",
      ])
    let engine = try element("engines", 0, of: worker)
    expect(engine, has: ["url", "pool_size", "overflow", "timeout", "open", "checked_out"])
    #expect(engine["open"] as? Int == 5)
    #expect(engine["checked_out"] as? Int == 3)
  }

  @Test("Any text stays valid and comes back as it was")
  func hostileText() throws {
    var text = ""
    for value in (UInt32(0)...0x17F) { text.unicodeScalars.append(Unicode.Scalar(value) ?? "?") }
    text += "\u{2028}\u{2029}\u{202E}\u{FFFD}\u{10FFFF}👩‍👩‍👧 \\u0000 \\\" </script>"
    var snapshot = Fixture.shop()
    snapshot.service = text
    snapshot.workers[0].failures[0].message = text
    snapshot.workers[0].failures[0].skipped = [text, ""]
    snapshot.workers[0].units[0].request?.label.endpoint = text
    let bytes = SnapshotJSON.encode(snapshot)
    #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    #expect(!String(decoding: bytes, as: UTF8.self).contains("\u{2028}"))
    let json = try parse(bytes)
    #expect(json["app"] as? String == text)
    #expect(try element("failures", 0, of: worker(json))["message"] as? String == text)
  }

  @Test("Any snapshot is valid", arguments: 0..<40)
  func randomSnapshots(seed: UInt64) throws {
    _ = try parse(SnapshotJSON.encode(RandomSnapshot(seed: seed).make()))
  }

  @Test("Numbers of every length")
  func numbers() throws {
    for value: UInt64 in [0, 9, 10, 99, 100, 12_345, 9_999_999_999, 10_000_000_000_000_000_000, .max - 1, .max] {
      var snapshot = Snapshot(service: "shop")
      snapshot.monotonicTime = value
      let text = String(decoding: SnapshotJSON.encode(snapshot), as: UTF8.self)
      #expect(text.contains("\"monotonic_ns\":\(value),"))
    }
  }

  @Test("Each character that must be escaped is, at every place of a longer text")
  func escapes() throws {
    for scalar: Unicode.Scalar in ["\"", "\\", "\u{7F}", "\u{0}", "\u{1F}", "\u{85}", "\u{2029}", "ä"] {
      for place in 0..<24 {
        var text = String.UnicodeScalarView("abcdefghijklmnopqrstuvwx".unicodeScalars)
        text.insert(scalar, at: text.index(text.startIndex, offsetBy: place))
        let bytes = SnapshotJSON.encode(Snapshot(service: String(text)))
        #expect(try parse(bytes)["app"] as? String == String(text))
        #expect(bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
      }
    }
  }

  @Test("What is not known is null")
  func unknown() throws {
    var snapshot = Snapshot(service: "shop")
    snapshot.workers = [Worker()]
    let json = try parse(SnapshotJSON.encode(snapshot))
    #expect(json["host"] is NSNull)
    let worker = try worker(json)
    for name in ["number", "rss_bytes", "kernel_state", "last_event_ms", "liveness", "started"] {
      #expect(worker[name] is NSNull, "\(name)")
    }
    #expect((worker["latency_ms"] as? [String: Any])?["p50"] is NSNull)
  }

  private func parse(_ bytes: [UInt8]) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
  }

  private func worker(_ json: [String: Any]) throws -> [String: Any] {
    try #require((json["workers"] as? [[String: Any]])?.first)
  }

  private func element(_ name: String, _ index: Int, of worker: [String: Any]) throws -> [String: Any] {
    let elements = try #require(worker[name] as? [[String: Any]])
    return try #require(elements.indices.contains(index) ? elements[index] : nil)
  }

  private func expect(_ object: Any?, has names: [String]) {
    for name in names { #expect((object as? [String: Any])?[name] != nil, "\(name)") }
  }
}

@Suite("Civil time")
struct CivilTimeTests {
  @Test(
    "Dates are those of the calendar",
    arguments: [
      (0, 1970, 1, 1), (951_782_399, 2000, 2, 28), (951_782_400, 2000, 2, 29), (951_868_800, 2000, 3, 1),
      (1_709_164_800, 2024, 2, 29), (1_735_689_599, 2024, 12, 31), (1_735_689_600, 2025, 1, 1),
      (4_107_542_400, 2100, 3, 1), (1_795_338_000, 2026, 11, 22),
    ])
  func dates(seconds: UInt64, year: Int, month: Int, day: Int) {
    let time = CivilTime(nanosecondsSince1970: seconds * 1_000_000_000 + 7)
    #expect((time.year, time.month, time.day) == (year, month, day))
    #expect(time.nanosecond == 7)
  }
}
