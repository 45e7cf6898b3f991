// From which share of a limit on a number is shown as a warning, or as critical.

import CtxtopModel

/// Two shares of a limit.
package struct Thresholds: Equatable, Sendable {
  /// From here on a warning: 0 to 1.
  package var warning: Double
  /// From here on critical: 0 to 1.
  package var critical: Double

  /// Both shares.
  package init(warning: Double = 0.7, critical: Double = 0.9) {
    self.warning = warning
    self.critical = critical
  }

  /// How good or bad it is that so much of a limit is used; quiet where there is no limit.
  package func level(of used: UInt64, limit: UInt64?) -> StateLevel {
    guard let limit, limit > 0 else { return .quiet }
    let share = Double(used) / Double(limit)
    return share >= critical ? .critical : share >= warning ? .warning : .good
  }
}
