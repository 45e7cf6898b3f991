// A row of the verdicts' table.

import CtxtopSnapshot

/// One verdict.
package struct VerdictRow: Sendable {
  /// What it is a row of.
  package let model: Model
  /// The verdict's index, the worst first.
  package let index: Int

  /// The row of a verdict.
  package init(_ model: Model, verdict: Int) {
    self.model = model
    index = verdict
  }

  /// The verdict.
  package var verdict: Verdict {
    _read { yield model.verdicts[index] }
  }
  /// When the snapshot was: nanoseconds since 1970.
  package var wallTime: UInt64 { model.now.wallTime }
  /// Who it is.
  package var identity: RowIdentity { .verdict(VerdictKey(verdict)) }
}

extension Model {
  /// One row for each verdict, worst first.
  package var verdictRows: [VerdictRow] { verdicts.indices.map { VerdictRow(self, verdict: $0) } }
}
