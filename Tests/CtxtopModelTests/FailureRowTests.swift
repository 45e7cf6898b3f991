// Failures of several workers as one.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopModel

@Suite("Failure groups")
struct FailureRowTests {
  /// Two workers in which the same function raised, for different requests.
  private static func model(_ change: (inout TeardownFailure) -> Void = { _ in }) -> Model {
    var snapshot = Fixture.healthy(workers: 3)
    var one = Fixture.failure()
    one.first = 200
    one.last = 300
    var other = one
    other.label = Fixture.cart
    other.count = 4
    other.first = 100
    other.last = 400
    other.message = "later"
    other.traceback = "the first"
    other.skipped = ["a", one.skipped[0]]
    change(&other)
    snapshot.workers[0].failures = [one]
    snapshot.workers[2].failures = [other]
    return Model(now: snapshot)
  }

  @Test("Counts are summed; what is said is of the first or of the last time")
  func merged() throws {
    let model = Self.model()
    #expect(model.failureRows.map(\.pid) == [4314, 4312])
    #expect(model.failureRows.map(\.workers) == [1, 1])
    #expect(model.failureGroups.count == 1)
    let row = try #require(model.failureGroups.first)
    #expect(row.pid == nil && row.workers == 2 && row.workerIndex == 2)
    #expect(row.failure.count == 7 && row.failure.first == 100 && row.failure.last == 400)
    #expect(row.failure.label == Fixture.cart && row.failure.message == "later")
    #expect(row.failure.traceback == "the first")
    #expect(row.failure.skipped == [Fixture.failure().skipped[0], "a"])
    let cells = ["pid", "workers"].compactMap(Table.failures.column).map { Format.screen($0.value(row)) }
    #expect(cells == ["-", "2"])
  }

  @Test("What is empty does not replace what is known, and an older failure nothing of the last time")
  func kept() throws {
    let row = try #require(
      Self.model {
        $0.message = ""
        $0.traceback = ""
        $0.last = 250
      }.failureGroups.first)
    #expect(row.failure.message == "cart is locked" && row.failure.traceback.contains("close_cart"))
    #expect(row.failure.label == Fixture.chat && row.failure.last == 300 && row.workerIndex == 0)
  }

  @Test(
    "Another function, place, exception, kind or blueprint is another failure",
    arguments: [
      { $0.function = "other" }, { $0.location = "shop.py:99" }, { $0.exception = "KeyError" },
      { $0.kind = .request }, { $0.blueprint = "admin" },
    ] as [@Sendable (inout TeardownFailure) -> Void])
  func parted(change: @Sendable (inout TeardownFailure) -> Void) {
    let model = Self.model(change)
    #expect(model.failureGroups.map(\.pid) == [4314, 4312])
    #expect(Set(model.failureGroups.map(\.identity)).count == 2)
  }

  @Test("Two records of one worker are one worker")
  func oneWorker() throws {
    var snapshot = Fixture.healthy(workers: 1)
    snapshot.workers[0].failures = [Fixture.failure(), Fixture.failure()]
    snapshot.workers[0].failures[1].label = Fixture.cart
    let row = try #require(Model(now: snapshot).failureGroups.first)
    #expect(row.pid == 4312 && row.workers == 1 && row.failure.count == 6)
  }
}
