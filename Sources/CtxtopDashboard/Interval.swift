// How often a snapshot is taken.

/// The intervals that the keys choose from, in milliseconds.
enum Interval {
  private static let steps = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000]

  /// The next longer interval.
  static func longer(than milliseconds: Int) -> Int {
    steps.first { $0 > milliseconds } ?? milliseconds
  }

  /// The next shorter interval.
  static func shorter(than milliseconds: Int) -> Int {
    steps.last { $0 < milliseconds } ?? milliseconds
  }

  /// As the screen shows it: `1.0s`.
  static func text(_ milliseconds: Int) -> String {
    milliseconds < 10_000 ? "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)s" : "\(milliseconds / 1_000)s"
  }
}
