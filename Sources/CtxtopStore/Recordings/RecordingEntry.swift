// What a recording tells of its records without any of them being decoded.

/// What the index keeps of each record, so that a time line needs no record to be decoded.
package struct RecordSummary: Equatable, Sendable {
  /// Contexts that are left behind.
  package var leakedContexts: UInt32 = 0
  /// Connections that are left behind.
  package var leakedConnections: UInt32 = 0
  /// Bit n is set: there is a verdict CTX00n; n from 1 to 10.
  package var verdicts: UInt16 = 0

  /// Nothing is left behind.
  package init() {}
}

/// One record of a recording.
package struct RecordingEntry: Equatable, Sendable {
  /// Nanoseconds since 1970.
  package let wallTime: UInt64
  /// Nanoseconds of the recorded host's monotonic clock.
  package let monotonicTime: UInt64
  /// What was concluded when it was recorded.
  package let summary: RecordSummary
}

/// Where a recording has no records though time passed.
package struct RecordingGap: Equatable, Sendable {
  /// Index of the first record behind it; the number of records: at the end.
  package let before: Int
  /// Wall time of the last record before it.
  package let since: UInt64
  /// Wall time of the first record behind it.
  package let until: UInt64
  /// Why, in a few words: `recording stopped`. They come from a file.
  package let reason: String

  package init(before: Int, since: UInt64, until: UInt64, reason: String) {
    self.before = before
    self.since = since
    self.until = until
    self.reason = reason
  }
}
