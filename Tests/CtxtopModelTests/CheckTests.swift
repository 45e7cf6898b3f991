// Thresholds: the notation of the plugins, and statuses that claim nothing that is not known.

import CtxtopModel
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite("Check")
struct CheckTests {
  @Test(arguments: [
    ("10", [0, 10], [-1, 10.5]), ("10:", [10, 1e9], [9]), ("~:10", [-5, 10], [11]), ("10:20", [10, 20], [9, 21]),
    ("@10:20", [9, 21], [10, 20]), ("0", [0], [1]), (":5", [0, 5], [6]), ("0.5", [0.5], [0.6]),
  ])
  func ranges(_ text: String, _ well: [Double], _ alerting: [Double]) throws {
    let range = try #require(CheckRange(text))
    for value in well { #expect(range.alerts(CheckValue(value)) == false, "\(value) in \(text)") }
    for value in alerting { #expect(range.alerts(CheckValue(value)) == true, "\(value) in \(text)") }
  }

  @Test(arguments: ["", ":", "@", "20:10", "x", "1:2:3", "1e3", "0x10", "~", "1 ", "10:~", "@:", "nan", "60s"])
  func whatIsNoRange(_ text: String) {
    #expect(CheckRange(text) == nil)
  }

  @Test(arguments: [("10", "10"), ("10:", "10:"), ("~:10", "~:10"), ("0:", "0:"), ("@1:2.50", "@1:2.5")])
  func aRangeAsItIsWritten(_ text: String, _ written: String) {
    #expect(CheckRange(text)?.text == written)
  }

  @Test(arguments: [("60s", 60), ("500ms", 0.5), ("5m", 300), ("1h", 3600), ("2d", 172_800), ("7", 7)])
  func times(_ text: String, _ seconds: Double) {
    #expect(CheckRange.seconds(Substring(text)) == seconds)
  }

  @Test func aValueThatIsNotKnown() throws {
    let range = try #require(CheckRange("10"))
    #expect(range.alerts(CheckValue(from: 1, to: 10)) == false)
    #expect(range.alerts(CheckValue(from: 1, to: 11)) == nil)
    #expect(range.alerts(CheckValue(from: 1, to: nil)) == nil)
    #expect(range.alerts(CheckValue(from: 11, to: nil)) == true)
    let inside = try #require(CheckRange("@10:20"))
    #expect(inside.alerts(CheckValue(from: 12, to: 15)) == true)
    #expect(inside.alerts(CheckValue(from: 15, to: 25)) == nil)
  }

  @Test(arguments: [
    ("leaked", CheckThresholds.Mistake.form("leaked")), ("", .form("")), ("leaked=0,", .form("")),
    ("leakd=0", .name("leakd")), ("leaked=0,leaked=1", .twice("leaked")), ("CTX011=0", .name("CTX011")),
  ])
  func aListThatCannotBeRead(_ text: String, _ mistake: CheckThresholds.Mistake) {
    #expect(throws: mistake) { try CheckThresholds(text) }
  }

  @Test func aListNamesWhatTheTableHas() throws {
    for metric in CheckMetric.all { #expect(try CheckThresholds("\(metric.name)=0").ranges.count == 1) }
    #expect(try CheckThresholds("ctx4=0,oldest=5m").ranges.map(\.metric.name) == ["CTX004", "oldest"])
    #expect(try CheckThresholds(CheckThresholds.usual.warning).ranges.count == 2)
    #expect(try CheckThresholds(CheckThresholds.usual.critical).ranges.count == 3)
  }

  // MARK: - Results

  private func facts(_ model: Model, failures: CheckValue = CheckValue(0), isConfirmed: Bool = true) -> CheckFacts {
    CheckFacts(model: model, failures: failures, isConfirmed: isConfirmed)
  }

  private func check(_ facts: CheckFacts, _ warning: String? = nil, _ critical: String? = nil) throws -> CheckResult {
    CheckResult(
      facts, warning: try warning.map { try CheckThresholds($0) } ?? CheckThresholds(),
      critical: try critical.map { try CheckThresholds($0) } ?? CheckThresholds())
  }

  private var shop: Model { Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0)) }
  private var healthy: Model { Model(now: Fixture.healthy(at: 1), earlier: Fixture.healthy(at: 0)) }

  @Test func theUsualThresholds() throws {
    let usual = CheckThresholds.usual
    #expect(try check(facts(healthy), usual.warning, usual.critical).status == .ok)
    #expect(try check(facts(shop), usual.warning, usual.critical).status == .critical)
    let nobody = Model(now: Fixture.service("shop", at: 1), earlier: Fixture.service("shop", at: 0))
    #expect(try check(facts(nobody), usual.warning, usual.critical).alerts.map(\.metric.name) == ["workers"])
  }

  @Test(arguments: [
    ("leaked=0", "", CheckStatus.warning), ("leaked=1", "", .ok), ("", "leaked=0", .critical),
    ("leaked=0", "leaked=0", .critical), ("leaked=0", "leaked=5", .warning), ("dead=0", "", .warning),
    ("connections=2", "connections=3", .warning), ("CTX004=0", "", .warning), ("CTX008=0", "wedged=0", .ok),
    ("oldest=4m", "oldest=1h", .warning), ("oldest=1h", "", .ok), ("reused=0", "", .warning), ("sessions=0", "", .ok),
    ("workers=4:", "", .warning), ("critical=0", "", .warning), ("notice=0", "", .ok),
  ])
  func thresholds(_ warning: String, _ critical: String, _ status: CheckStatus) throws {
    let result = try check(facts(shop), warning.isEmpty ? nil : warning, critical.isEmpty ? nil : critical)
    #expect(result.status == status)
  }

  @Test func whatIsNotKnownIsNotOK() throws {
    let alone = facts(Model(now: Fixture.healthy()), isConfirmed: false)
    #expect(try check(alone, "leaked=0").status == .unknown)
    #expect(try check(alone, "CTX004=0").status == .unknown)
    #expect(try check(alone, "oldest=1h").status == .ok)
    let perhaps = facts(healthy, failures: CheckValue(from: 1, to: 9))
    #expect(try check(perhaps, "failures=5").status == .unknown)
    #expect(try check(perhaps, "failures=9").status == .ok)
    #expect(try check(perhaps, "failures=0").status == .warning)
    #expect(try check(perhaps, "failures=0", "failures=5").status == .warning)
  }

  @Test func theWorstComesFirst() throws {
    let result = try check(facts(shop, failures: CheckValue(from: 0, to: nil)), "leaked=0,failures=0", "dead=0")
    #expect(result.alerts.map(\.status) == [.critical, .warning, .unknown])
  }

  @Test func aWorkerOfWhichNobodyKnowsIsPerhapsDead() throws {
    var snapshot = Fixture.healthy(at: 1)
    snapshot.workers[0].liveness = .unknown
    snapshot.workers[0].heartbeat = 1
    snapshot.workers[0].attached = 1
    let model = Model(now: snapshot, earlier: Fixture.healthy())
    #expect(try check(facts(model), "dead=0").status == .unknown)
    #expect(try check(facts(model), "wedged=0").status == .unknown)
    #expect(try check(facts(model), "dead=1").status == .ok)
  }

  // MARK: - Failures per minute

  private func failing(first: UInt64, last: UInt64, count: UInt64, counted: UInt64? = nil) -> Snapshot {
    var snapshot = Fixture.healthy()
    var failure = Fixture.failure()
    failure.first = Fixture.wallTime - first * 1_000_000_000
    failure.last = Fixture.wallTime - last * 1_000_000_000
    failure.count = count
    snapshot.workers[0].failures = [failure]
    snapshot.workers[0].counters.teardownFailures = counted ?? count
    return snapshot
  }

  @Test func failuresOfTheLastMinuteByTheirRecords() {
    func rate(_ snapshot: Snapshot) -> CheckValue { FailureRate.recorded(in: snapshot) }
    #expect(rate(Fixture.healthy()) == CheckValue(0))
    #expect(rate(failing(first: 50, last: 2, count: 7)) == CheckValue(7))
    #expect(rate(failing(first: 3600, last: 61, count: 7)) == CheckValue(0))
    #expect(rate(failing(first: 3600, last: 2, count: 7)) == CheckValue(from: 1, to: 6))
    #expect(rate(failing(first: 3600, last: 2, count: 2)) == CheckValue(1))
    // There was no record for two of them.
    #expect(rate(failing(first: 50, last: 2, count: 7, counted: 9)) == CheckValue(from: 7, to: 9))
  }

  @Test func failuresByTheCounters() {
    func model(_ pass: UInt64, _ count: UInt64) -> Model {
      var snapshot = Fixture.healthy(at: pass)
      snapshot.workers[0].counters.teardownFailures = count
      return Model(now: snapshot)
    }
    #expect(FailureRate.counted(Difference(from: model(0, 3), to: model(30, 5))) == CheckValue(4))
    #expect(FailureRate.counted(Difference(from: model(0, 3), to: model(0, 3))) == nil)
    #expect(FailureRate.recorded(in: Difference(from: model(0, 3), to: model(60, 5))) == CheckValue(2))
    // Ten minutes: nobody knows how many of the two were in the last one.
    #expect(FailureRate.recorded(in: Difference(from: model(0, 3), to: model(600, 5))) == CheckValue(from: 0, to: 2))
    #expect(FailureRate.recorded(in: Difference(from: model(0, 5), to: model(600, 5))) == CheckValue(0))
  }
}
