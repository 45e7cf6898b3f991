// The table of teardown failures.

import CtxtopSnapshot

extension Table where Row == FailureRow {
  /// The table of teardown failures.
  package static var failures: Table<FailureRow> {
    Table(name: "failures", title: "Failures", columns: counts + what)
  }

  private static var counts: [Column<FailureRow>] {
    [
      .target { $0.target },
      Column(
        "pid", "PID", "process id of the worker, where it is one", width: 7, isDescending: false
      ) {
        $0.pid.map { .identifier(Int64($0)) } ?? .unknown
      },
      Column("workers", "WORKERS", "in how many workers it happened", width: 7) {
        .integer($0.workers)
      },
      Column("count", "COUNT", "how often it raised", width: 5) { .integer($0.failure.count) },
      Column("last", "LAST", "when it raised last", unit: "time", width: 6, presence: .file) { .time($0.failure.last) },
      Column("last_age", "LAST", "how long ago it raised last", unit: "ns", width: 6, isDescending: false) {
        $0.failure.last > 0 ? .age($0.wallTime - min($0.wallTime, $0.failure.last)) : .unknown
      },
      Column("first", "FIRST", "when it raised first", unit: "time", width: 6, presence: .file) {
        .time($0.failure.first)
      },
    ]
  }

  private static var what: [Column<FailureRow>] {
    [
      Column(
        "function", "FUNCTION", "the teardown function", alignment: .left, width: 16, weight: 3, isDescending: false
      ) {
        .text($0.failure.function)
      },
      Column("exception", "EXCEPTION", "what it raised", alignment: .left, width: 13, weight: 1, isDescending: false) {
        .text($0.failure.exception)
      },
      Column(
        "request", "REQUEST", "the request that was torn down", alignment: .left, width: 12, weight: 2,
        isDescending: false
      ) {
        $0.failure.label.map { .text($0.text) } ?? .unknown
      },
      Column(
        "endpoint", "ENDPOINT", "the endpoint of that request", alignment: .left, width: 8, presence: .file,
        isDescending: false
      ) {
        $0.failure.label?.endpoint.map { .text($0) } ?? .unknown
      },
      Column(
        "location", "WHERE", "where the function is defined", alignment: .left, width: 10, weight: 1,
        isDescending: false
      ) {
        .text($0.failure.location)
      },
      Column("skipped", "SKIPPED", "teardown functions that did not run because of it", width: 7) {
        .integer($0.failure.skipped.count)
      },
      Column(
        "message", "MESSAGE", "the exception's message, with `CTXTOP_MESSAGES` only", alignment: .left, width: 10,
        weight: 3, isDescending: false
      ) {
        $0.failure.message.isEmpty ? .unknown : .text($0.failure.message)
      },
    ]
  }
}
