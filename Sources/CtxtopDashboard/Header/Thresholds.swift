// From which share of a limit on a number is shown as a warning, or as critical.

import CtxtopModel
import CtxtopSettings

extension MeterThresholds {
  /// How good or bad it is that so much of a limit is used; quiet where there is no limit.
  func level(of used: UInt64, limit: UInt64?) -> StateLevel {
    guard let limit, limit > 0 else { return .quiet }
    let share = Double(used) / Double(limit)
    return share >= critical ? .critical : share >= warning ? .warning : .good
  }
}
