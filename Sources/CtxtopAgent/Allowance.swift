// What clients may cost of a processor: an eighth of one in the long run, whatever they ask and how often they come.

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// Processor time that may still be spent on clients. When there is none they wait, but no longer than an honest client
/// would not mind, even if that makes it more than an eighth.
struct Allowance {
  /// So much may be spent at once: dashboards are opened, a script asks for a while.
  private static let most: Int64 = 1_000_000_000
  /// A pause lasts eight times as long as a debt; not for less than this, nor for more.
  private static let least: Int64 = -1_000_000
  private static let greatest: Int64 = -3_000_000

  private var left = most
  private var counted: UInt64 = 0
  /// Until when nothing may be spent (monotonic).
  private(set) var pausedUntil: UInt64 = 0

  /// Takes nanoseconds that were spent.
  mutating func spend(_ time: UInt64, at now: UInt64) {
    let earned = Int64(truncatingIfNeeded: (now &- counted) &>> 3)
    counted = now
    left = max(min(left &+ earned, Self.most) &- Int64(truncatingIfNeeded: time), Self.greatest)
    if left < 0 { pausedUntil = now &+ UInt64(truncatingIfNeeded: min(left, Self.least) &* -8) }
  }
}
