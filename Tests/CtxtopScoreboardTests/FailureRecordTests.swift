// Teardown failures: one record per function, exception and request, and counts that are always exact.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopScoreboard
import CtxtopSnapshot
import Testing

@Suite("Teardown failures")
struct FailureRecordTests {
  @Test("A failure is described once and counted each time")
  func repeated() throws {
    let memory = PrivateSlot()
    var failure = words(memory, function: "close_basket", exception: "TypeError", endpoint: "pay")
    record(memory, failure, skipped: [memory.name("log"), memory.name("audit")], message: "no basket", at: 100)
    let units = try (0..<4).map { try #require(memory.slot.takeUnit(kind: 1, nativeID: $0, name: 0, at: 1)) }
    failure.unit = memory.slot.reference(to: UnitRecord(units[3])) &+ 1
    record(memory, failure, skipped: [], message: "another text", at: 200)
    let failures = memory.read().failures
    #expect(failures.count == 1)
    #expect(failures[0].count == 2 && failures[0].first == 100 && failures[0].last == 200)
    #expect(failures[0].function == "close_basket" && failures[0].exception == "TypeError")
    #expect(failures[0].label == RequestLabel(method: "GET", endpoint: "pay"))
    #expect(failures[0].message == "no basket" && failures[0].skipped == ["log", "audit"])
    #expect(failures[0].unit == 3)
    #expect(memory.read().counters.teardownFailures == 2)
    memory.slot.releaseUnit(units[3])
    #expect(memory.read().failures[0].unit == nil)
    let next = try #require(memory.slot.takeUnit(kind: 1, nativeID: 9, name: 0, at: 1))
    #expect(next.base == units[3].base && memory.read().failures[0].unit == nil)
  }

  @Test("Another function, exception, request or kind is another failure")
  func distinct() {
    let memory = PrivateSlot()
    let failure = words(memory, function: "f", exception: "E", endpoint: "e")
    var request = failure
    request.kind = 1
    for failure in [
      failure, words(memory, function: "g", exception: "E", endpoint: "e"),
      words(memory, function: "f", exception: "F", endpoint: "e"),
      words(memory, function: "f", exception: "E", endpoint: "g"), request, failure,
    ] { record(memory, failure) }
    #expect(memory.read().failures.map(\.count) == [2, 1, 1, 1, 1])
  }

  @Test("Long texts are cut, many skipped functions are counted, and any bytes are text")
  func long() {
    let memory = PrivateSlot()
    let skipped = (0..<20).map { memory.name("teardown \($0)") }
    record(
      memory, words(memory, function: "f", exception: "E", endpoint: "e"), skipped: skipped,
      message: String(repeating: "é", count: 500), traceback: String(repeating: "line\n", count: 5000))
    let failure = memory.read().failures[0]
    #expect(failure.message.utf8.count <= CTXTOP_FAILURE_MESSAGE_BYTES + 2)
    #expect(failure.message.hasPrefix("éééé"))
    #expect(failure.traceback.utf8.count == CTXTOP_FAILURE_TRACEBACK_BYTES)
    #expect(failure.skipped.count == CTXTOP_FAILURE_SKIPPED_MAX + 1 && failure.skipped.last == "(8 more)")
  }

  @Test("A full table still counts what it cannot describe")
  func full() {
    let memory = PrivateSlot()
    for index in 0..<CTXTOP_FAILURES + 3 {
      record(memory, words(memory, function: "f\(index)", exception: "E", endpoint: "e"))
    }
    record(memory, words(memory, function: "f0", exception: "E", endpoint: "e"))
    let worker = memory.read()
    #expect(worker.failures.count == CTXTOP_FAILURES && worker.failures[0].count == 2)
    #expect(worker.counters.dropped.failures == 3)
    #expect(worker.counters.teardownFailures == UInt64(CTXTOP_FAILURES) + 4)
  }

  @Test("Eight threads' failures are counted exactly")
  func threads() {
    let memory = PrivateSlot()
    let kinds = (0..<5).map { words(memory, function: "f\($0)", exception: "E", endpoint: "e") }
    onThreads(8) { thread in
      for turn in 0..<500 { record(memory, kinds[(thread &+ turn) % kinds.count], message: "m") }
    }
    let worker = memory.read()
    #expect(worker.counters.teardownFailures == 4000)
    #expect(worker.counters.dropped.total == 0)
    var counts: [String: UInt64] = [:]
    for failure in worker.failures { counts[failure.function, default: 0] += failure.count }
    #expect(counts == ["f0": 800, "f1": 800, "f2": 800, "f3": 800, "f4": 800])
  }
}

private func words(_ memory: PrivateSlot, function: String, exception: String, endpoint: String) -> FailureWords {
  var failure = FailureWords()
  failure.function = memory.name(function)
  failure.exception = memory.name(exception)
  failure.label = Label(method: 1, endpoint: memory.name(endpoint)).word
  return failure
}

private func record(
  _ memory: PrivateSlot, _ failure: FailureWords, skipped: [UInt32] = [], message: String = "", traceback: String = "",
  at time: UInt64 = 1
) {
  skipped.withUnsafeBufferPointer { skipped in
    Array(message.utf8).withUnsafeBytes { message in
      Array(traceback.utf8).withUnsafeBytes { traceback in
        memory.slot.recordFailure(failure, skipped: skipped, message: message, traceback: traceback, wallTime: time)
      }
    }
  }
}
