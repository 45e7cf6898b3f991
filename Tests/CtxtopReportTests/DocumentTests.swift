// JSON that is read back says the same again, to the byte. Anything else is an error that says where, or a value.

import CtxtopModel
import CtxtopReport
import CtxtopSnapshot
import CtxtopTestKit
import Foundation
import Testing

/// A model's JSON as text: a test that fails shows where.
private func text(_ model: Model) -> String { String(decoding: Report.json(model), as: UTF8.self) }

@Suite("Documents")
struct DocumentTests {
  @Test("What the dump wrote is dumped the same", arguments: [0, 1] as [UInt64])
  func fixtures(pass: UInt64) throws {
    for (now, earlier) in [
      (Fixture.market(at: pass), pass > 0 ? Fixture.market(at: pass - 1) : nil),
      (Fixture.shop(at: pass), nil), (Fixture.healthy(at: pass), nil), (Snapshot(), nil),
      (Fixture.service("none"), nil),
    ] {
      let model = Model(now: now, earlier: earlier)
      let document = try SnapshotDocument(Report.json(model))
      #expect(text(document.model) == text(model))
    }
  }

  @Test("So is any other, judged or not", arguments: 0..<12)
  func random(part: UInt64) throws {
    for seed in (part * 100)..<(part * 100 + 100) {
      var service = RandomService(seed: seed)
      let (earlier, now) = service.passes()
      let model = Model(now: now, earlier: earlier)
      let again = try SnapshotDocument(Report.json(model))
      #expect(text(again.model) == text(model), "seed \(seed)")
      let facts = SnapshotJSON.encode(now)
      let document = try SnapshotDocument(facts)
      #expect(document.judgement == nil)
      #expect(SnapshotJSON.encode(document.snapshot) == facts, "seed \(seed)")
      _ = document.model
    }
  }

  @Test("What is concluded from facts alone needs no time that JSON does not carry")
  func facts() throws {
    let model = try SnapshotDocument(SnapshotJSON.encode(Fixture.healthy())).model
    #expect(model.conditions.map(\.state) == [.ok, .ok, .ok, .ok])
    #expect(model.verdicts.isEmpty)
    let market = try SnapshotDocument(SnapshotJSON.encode(Fixture.market())).model
    #expect(market.verdicts.contains { $0.code == .teardownFailed })
    #expect(market.rates.total == nil)
  }

  @Test("A verdict finds what it is about again")
  func links() throws {
    let model = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    let again = try SnapshotDocument(Report.json(model)).model
    #expect(again.verdicts.count == model.verdicts.count && !model.verdicts.isEmpty)
    for (one, other) in zip(model.verdicts, again.verdicts) { #expect(one == other) }
    #expect(again.conditions == model.conditions)
    #expect(again.totals.contextsLeaked == model.totals.contextsLeaked)
    #expect(again.totals.oldestCheckout == model.totals.oldestCheckout)
  }

  @Test("Evidence stands in the order of its judge")
  func evidence() {
    for seed: UInt64 in 0..<300 {
      var service = RandomService(seed: seed)
      let (earlier, now) = service.passes()
      for verdict in judge(now, confirming: earlier) {
        #expect(verdict.code.ordered(verdict.evidence.shuffled()) == verdict.evidence)
      }
    }
  }

  @Test("Written anew by somebody else, it is the same")
  func rewritten() throws {
    let model = Model(now: Fixture.market(at: 1), earlier: Fixture.market(at: 0))
    let json = try JSONSerialization.jsonObject(with: Data(Report.json(model)))
    for options: JSONSerialization.WritingOptions in [[.prettyPrinted, .sortedKeys], [.sortedKeys], []] {
      let bytes = [UInt8](try JSONSerialization.data(withJSONObject: json, options: options))
      #expect(text(try SnapshotDocument(bytes).model) == text(model))
      #expect(SnapshotDocument.wallTime(bytes) == model.now.wallTime)
    }
  }

  @Test("Members that are not known are passed over, and missing ones are not known")
  func skew() throws {
    let json =
      #"{"schema":"ctxtop.snapshot/1","time":"2026-11-22T09:00:00Z","new":[{"a":1}],"#
      + #""workers":[{"pid":7,"new":null,"units":[{"id":3}]}]}"#
    let snapshot = try SnapshotDocument(Array(json.utf8)).snapshot
    #expect(snapshot.workers.map(\.pid) == [7])
    #expect(snapshot.workers[0].units.map(\.id) == [3])
    #expect(snapshot.workers[0].kernel == nil && snapshot.workers[0].lastEvent == nil)
  }
}

@Suite("Documents that are none")
struct BadDocumentTests {
  private func error(_ json: String) -> DocumentError? {
    do {
      _ = try SnapshotDocument(Array(json.utf8))
      return nil
    } catch {
      return error
    }
  }

  private func worker(_ members: String) -> DocumentError? {
    error(#"{"schema":"ctxtop.snapshot/1","time":null,"workers":[{"pid":1},{\#(members)}],"verdicts":null}"#)
  }

  @Test(
    "Where, and what",
    arguments: [
      (#""pid":"x""#, "workers[1].pid", DocumentError.Reason.notA("a whole number in range")),
      (#""pid":4294967296"#, "workers[1].pid", .notA("a whole number in range")),
      (#""pid":-1e400"#, "workers[1].pid", .notA("a whole number in range")),
      (#""slot":-1"#, "workers[1].slot", .notA("a whole number in range")),
      (#""slot":1.5"#, "workers[1].slot", .notA("a whole number in range")),
      (#""requests":[]"#, "workers[1].requests", .notA("a whole number in range")),
      (#""started":"soon""#, "workers[1].started", .notA("a time")),
      (#""liveness":"undead""#, "workers[1].liveness", .unknownWord("undead")),
      (#""last_event_ms":-1"#, "workers[1].last_event_ms", .notA("a number in range")),
      (#""last_event_ms":1e300"#, "workers[1].last_event_ms", .notA("a number in range")),
      (#""last_event_ms":9e15"#, "workers[1].last_event_ms", .notA("a time that can be")),
      (#""units":{}"#, "workers[1].units", .notA("an array")),
      (#""units":[7]"#, "workers[1].units[0]", .notA("an object")),
      (#""units":[{"id":0},{"id":"a"}]"#, "workers[1].units[1].id", .notA("a whole number in range")),
      (#""units":[{"depth":{"app":true}}]"#, "workers[1].units[0].depth.app", .notA("a whole number in range")),
      (#""contexts":[{"id":1,"unit":5}]"#, "workers[1].contexts[0].unit", .leadsNowhere),
      (#""units":[{"request":{"context":5}}]"#, "workers[1].units[0].request.context", .leadsNowhere),
      (#""connections":[{"engine":"x"}]"#, "workers[1].connections[0].engine", .leadsNowhere),
      (#""connections":[{"state":"lost"}]"#, "workers[1].connections[0].state", .unknownWord("lost")),
      (#""failures":[{"skipped":["a",1]}]"#, "workers[1].failures[0].skipped[1]", .notA("text")),
      (#""sessions":[{"dirty":"yes"}]"#, "workers[1].sessions[0].dirty", .notA("true or false")),
      (#""failures":[{"function":"\uD800"}]"#, "workers[1].failures[0].function", .notA("text")),
      (#""kernel_state":"SS""#, "workers[1].kernel_state", .notA("a letter")),
    ])
  func places(members: String, place: String, reason: DocumentError.Reason) {
    #expect(worker(members) == DocumentError(place: place, reason: reason))
  }

  @Test("Conclusions are checked")
  func conclusions() {
    func judged(_ worker: String, _ verdict: String) -> DocumentError? {
      error(#"{"schema":"ctxtop.snapshot/1","time":null,"workers":[{"pid":1\#(worker)}],"verdicts":[\#(verdict)]}"#)
    }
    #expect(judged("", "") == DocumentError(place: "workers[0].state", reason: .notA("there")))
    #expect(judged(#","state":"merry""#, "") == DocumentError(place: "workers[0].state", reason: .unknownWord("merry")))
    let ok = #","state":"ok""#
    #expect(judged(ok, "") == nil)
    #expect(
      judged(ok, #"{"code":"CTX999"}"#) == DocumentError(place: "verdicts[0].code", reason: .unknownWord("CTX999")))
    #expect(
      judged(ok, #"{"code":"CTX001","severity":"critical","worker":2}"#)
        == DocumentError(place: "verdicts[0].worker", reason: .leadsNowhere))
  }

  @Test("What is no document at all")
  func others() {
    for json in [
      "", "{", "[]", "{} {}", "null", "\u{FEFF}", "\0\0\0{",
      "{\"a\":\"\\uD800\"}",
    ] {
      #expect(error(json) != nil, "\(json)")
    }
    #expect(error("{}") == DocumentError(place: "schema", reason: .otherSchema("")))
    #expect(
      error(#"{"schema":"ctxtop.snapshot/2"}"#)
        == DocumentError(place: "schema", reason: .otherSchema("ctxtop.snapshot/2")))
    #expect(error(String(repeating: "[", count: 1_000_000)) != nil)
    #expect(error(#"{"schema":"ctxtop.snapshot/1","a":"# + String(repeating: "{\"a\":", count: 100_000)) != nil)
  }

  @Test("What is too long is not even looked at")
  func tooLong() {
    let bytes = [UInt8](repeating: UInt8(ascii: " "), count: SnapshotDocument.limit + 1)
    #expect(throws: DocumentError(place: "", reason: .tooLong)) { _ = try SnapshotDocument(bytes) }
  }

  @Test("Cut and with flipped bits, it is an error or a value")
  func damaged() {
    var generator = SystemRandomNumberGenerator()
    for seed: UInt64 in 0..<40 {
      var service = RandomService(seed: seed)
      let (earlier, now) = service.passes()
      let bytes = Report.json(Model(now: now, earlier: earlier))
      for _ in 0..<25 {
        var damaged = bytes
        for _ in 0...(Int(generator.next() % 3)) {
          damaged[Int(generator.next() % UInt64(damaged.count))] ^= 1 << UInt8(generator.next() % 8)
        }
        if generator.next() % 4 == 0 { damaged.removeLast(Int(generator.next() % UInt64(damaged.count))) }
        if let document = try? SnapshotDocument(damaged) {
          _ = Report.json(document.model)
          _ = Report.bytes(document.model, as: .text)
        }
      }
    }
  }
}

@Suite("Documents of several targets")
struct FleetDocumentTests {
  /// Both have the same process ids and slots.
  private func model() throws -> Model {
    var fleet = Fleet(["shop", "b: market"], interval: 1_000_000_000)
    var pair: Fleet.Pair?
    for pass in 0..<2 as Range<UInt64> {
      let (now, wall) = (Fixture.monotonicTime + pass * 1_000_000_000, Fixture.wallTime + pass * 1_000_000_000)
      fleet.take(Fixture.shop(at: pass), of: 0, at: now, wallTime: wall)
      fleet.take(Fixture.market(at: pass), of: 1, at: now, wallTime: wall)
      pair = fleet.advance(now: now, wallTime: wall) ?? pair
    }
    let last = try #require(pair)
    return Model(now: last.now, earlier: last.earlier)
  }

  @Test("Whose each worker and verdict is comes back")
  func targets() throws {
    let model = try model()
    let again = try SnapshotDocument(Report.json(model)).model
    #expect(text(again) == text(model))
    #expect(again.now.targets.map(\.name) == ["shop", "b: market"])
    #expect(again.verdicts == model.verdicts && !model.verdicts.isEmpty)
    #expect(again.now.workers.map(\.key) == model.now.workers.map(\.key))
    #expect(again.now.workers.map(\.ownSlot) == model.now.workers.map(\.ownSlot))
  }

  @Test("The column is there for several targets, and for them alone")
  func column() throws {
    func heading(_ model: Model) -> String {
      let table = String(decoding: Report.bytes(model, as: .csv), as: UTF8.self)
      return String(table.prefix { !$0.isNewline })
    }
    #expect(heading(try model()).hasPrefix("time,target,"))
    #expect(!heading(Model(now: Fixture.shop())).contains("target"))
  }
}
