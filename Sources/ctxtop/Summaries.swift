// What a recording keeps of each record beside its bytes.

import CtxtopModel
import CtxtopStore

extension RecordSummary {
  /// What is wrong in a record.
  init(_ model: Model) {
    self.init()
    leakedContexts = UInt32(clamping: model.totals.contextsLeaked)
    leakedConnections = UInt32(clamping: model.totals.connectionsLeaked)
    for verdict in model.verdicts {
      guard let number = Int(verdict.code.rawValue.dropFirst(3)) else { continue }
      verdicts |= UInt16(truncatingIfNeeded: 1 << number)
    }
  }
}
