// What a recording keeps of each record for the time line.

import CtxtopModel
import CtxtopStore

extension RecordSummary {
  /// What was concluded about a moment.
  init(_ model: Model) {
    self.init()
    leakedContexts = UInt32(clamping: model.totals.contextsLeaked)
    leakedConnections = UInt32(clamping: model.totals.connectionsLeaked)
    for verdict in model.verdicts { verdicts |= Self.bit(of: verdict.code) }
  }

  /// The bit that says that there is a verdict of this code: bit n for CTX00n.
  static func bit(of code: VerdictCode) -> UInt16 {
    // A code is CTX and three digits.
    Int(code.rawValue.dropFirst(3)).map { $0 < 16 ? 1 << UInt16($0) : 0 } ?? 0
  }

  /// Whether there is a verdict of this code.
  func has(_ code: VerdictCode) -> Bool { verdicts & Self.bit(of: code) != 0 }
}
