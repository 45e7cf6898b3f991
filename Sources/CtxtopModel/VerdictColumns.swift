// The table of verdicts.

import CtxtopSnapshot

extension Table where Row == VerdictRow {
  /// The table of verdicts.
  package static var verdicts: Table<VerdictRow> {
    Table(
      name: "verdicts", title: "Verdicts",
      columns: [
        .target { $0.verdict.target },
        Column("code", "CODE", "code of the verdict", alignment: .left, width: 6, isDescending: false) {
          .state($0.verdict.code.rawValue, $0.verdict.severity.level)
        },
        Column("severity", "SEVERITY", "how bad it is", alignment: .left, width: 8) {
          .state($0.verdict.severity.rawValue, $0.verdict.severity.level)
        },
        Column("pid", "PID", "process id of the worker", width: 7, isDescending: false) {
          .identifier(Int64($0.verdict.pid))
        },
        Column("unit", "UNIT", "thread, greenlet or task", width: 4, isDescending: false) {
          $0.verdict.unit.map { .identifier(Int64($0)) } ?? .unknown
        },
        Column("count", "COUNT", "how often, or how many", width: 5) { .integer($0.verdict.count) },
        Column("since", "SINCE", "since when", unit: "time", width: 6, presence: .file) {
          $0.verdict.since.map { .time($0) } ?? .unknown
        },
        Column("age", "AGE", "for how long", unit: "ns", width: 6) { row in
          row.verdict.since.map { .age(row.wallTime - min(row.wallTime, $0)) } ?? .unknown
        },
        Column("message", "MESSAGE", "what is wrong", alignment: .left, width: 20, weight: 1, isDescending: false) {
          .text($0.verdict.statement)
        },
      ])
  }
}
