// Writing teardown failures, and contexts that vanished: one record per function, exception and request label, with an exact count.

import CCtxtop

/// A teardown failure, prepared: names already numbered, text already cut and masked.
package struct FailureWords {
  package var function: UInt32 = 0
  package var location: UInt32 = 0
  package var exception: UInt32 = 0
  package var blueprint: UInt32 = 0
  package var kind: UInt32 = 0
  package var label: UInt64 = 0
  /// Index of the unit + 1; 0: not known.
  package var unit: UInt64 = 0
  package init() {}

  fileprivate var functionWord: UInt64 { Words.pack(function, location) }
  fileprivate var exceptionWord: UInt64 { Words.pack(exception, blueprint) }
}

extension Slot {
  /// Counts a teardown failure; describes it when it is the first of its kind.
  package func recordFailure(
    _ failure: FailureWords, skipped: UnsafeBufferPointer<UInt32>, message: UnsafeRawBufferPointer,
    traceback: UnsafeRawBufferPointer, wallTime: UInt64
  ) {
    if failure.kind & UInt32(CTXTOP_FAILURE_VANISHED) == 0 { control.add(CTXTOP_SLOT_TEARDOWN_FAILURES) }
    for index in 0..<used(.failures) {
      let record = record(.failures, index)
      guard isSame(record, failure) else { continue }
      repeated(record, failure, wallTime)
      return
    }
    guard let index = takeUnused(.failures) else {
      control.add(CTXTOP_SLOT_DROPPED_FAILURES)
      return
    }
    let record = record(.failures, index)
    guard ChangeCount.beginShared(record) else {
      control.add(CTXTOP_SLOT_DROPPED_RACES)
      return
    }
    describe(record, failure, skipped: skipped, message: message, traceback: traceback, wallTime: wallTime)
    ChangeCount.end(record)
    repeated(record, failure, wallTime)
  }

  /// Two threads that meet the same new failure at once may describe it twice; the counts stay exact.
  private func isSame(_ record: Words, _ failure: FailureWords) -> Bool {
    record.load(CTXTOP_FAILURE_FIRST) != 0 && record.load(CTXTOP_FAILURE_FUNCTION) == failure.functionWord
      && record.load(CTXTOP_FAILURE_EXCEPTION) == failure.exceptionWord
      && record.load(CTXTOP_FAILURE_LABEL) == failure.label
      && record.load(CTXTOP_FAILURE_KIND).low == failure.kind
  }

  private func repeated(_ record: Words, _ failure: FailureWords, _ wallTime: UInt64) {
    record.add(CTXTOP_FAILURE_COUNT)
    record.store(CTXTOP_FAILURE_LAST, wallTime)
    record.store(CTXTOP_FAILURE_UNIT, failure.unit)
  }

  private func describe(
    _ record: Words, _ failure: FailureWords, skipped: UnsafeBufferPointer<UInt32>, message: UnsafeRawBufferPointer,
    traceback: UnsafeRawBufferPointer, wallTime: UInt64
  ) {
    let kept = min(skipped.count, CTXTOP_FAILURE_SKIPPED_MAX)
    for pair in 0..<(kept + 1) / 2 {
      let second = pair * 2 + 1 < kept ? skipped[pair * 2 + 1] : 0
      record.store(CTXTOP_FAILURE_SKIPPED + pair, Words.pack(skipped[pair * 2], second))
    }
    let messageBytes = record.storeText(
      CTXTOP_FAILURE_MESSAGE, message, capacity: CTXTOP_FAILURE_MESSAGE_BYTES)
    let tracebackBytes = record.storeText(
      CTXTOP_FAILURE_TRACEBACK, traceback, capacity: CTXTOP_FAILURE_TRACEBACK_BYTES)
    record.store(CTXTOP_FAILURE_LENGTHS, Words.pack(UInt32(messageBytes), UInt32(tracebackBytes)))
    record.store(CTXTOP_FAILURE_FUNCTION, failure.functionWord)
    record.store(CTXTOP_FAILURE_EXCEPTION, failure.exceptionWord)
    record.store(CTXTOP_FAILURE_LABEL, failure.label)
    record.store(CTXTOP_FAILURE_KIND, Words.pack(failure.kind, UInt32(truncatingIfNeeded: skipped.count)))
    record.store(CTXTOP_FAILURE_FIRST, wallTime)
  }
}
