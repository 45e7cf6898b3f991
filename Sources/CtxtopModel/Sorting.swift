// Sorting rows by a column. Each row's value is asked for once and becomes one number that orders as the value does,
// so that sorting compares numbers only: a screen of thousands of rows is sorted within a frame.

extension Column {
  /// The rows' indices in the order of this column. Rows of equal values keep their order. What is not known comes
  /// first in ascending order, and so last in descending order, which is the usual one for numbers.
  package func order(of rows: [Row], descending: Bool) -> [Int] {
    let keys = SortKeys.keys(of: rows.map(value))
    // The index breaks ties, so it must not be turned round with the key.
    var entries = keys.indices.map { (key: descending ? ~keys[$0] : keys[$0], index: $0) }
    entries.sort { $0.key == $1.key ? $0.index < $1.index : $0.key < $1.key }
    return entries.map(\.index)
  }

  /// The rows by this column: see `order`.
  package func sorted(_ rows: [Row], descending: Bool) -> [Row] {
    order(of: rows, descending: descending).map { rows[$0] }
  }
}

/// Numbers that order as values do. From the smallest: what is not known, numbers, texts, states by their level.
enum SortKeys {
  private static let unknown: UInt64 = 0
  private static let infinity = bits(of: .infinity)
  /// Texts and states follow all numbers: their rank is added.
  private static let text = infinity + 1
  private static let levelShift: UInt64 = 40

  static func keys(of values: [Value]) -> [UInt64] {
    let ranks = ranks(of: values)
    return values.map { value in
      switch value {
      case .unknown: unknown
      case .integer(let value), .duration(let value), .age(let value), .uptime(let value), .bytes(let value),
        .time(let value),
        .share(let value, _):
        bits(of: Double(value))
      case .identifier(let value): bits(of: Double(value))
      case .real(let value), .percent(let value): value.isNaN ? unknown : bits(of: value)
      case .text(let name): text + (ranks[name] ?? 0)
      // Of one level, those that come first in the alphabet are the greatest: they stand first where the worst does.
      case .state(let name, let level):
        text + UInt64(level.rawValue + 1) << levelShift - 1 - (ranks[name] ?? 0)
      }
    }
  }

  /// Each text's place among all of them in the alphabet. Texts recur: what is compared is the few that differ.
  private static func ranks(of values: [Value]) -> [String: UInt64] {
    var ranks: [String: UInt64] = [:]
    for value in values {
      switch value {
      case .text(let name), .state(let name, _): ranks[name] = 0
      default: continue
      }
    }
    for (rank, name) in ranks.keys.sorted().enumerated() { ranks[name] = UInt64(rank) }
    return ranks
  }

  /// Order of the bits as of the numbers: a negative one has all of them turned round, a positive one the sign's. Never
  /// 0, which is below the bits of negative infinity.
  private static func bits(of number: Double) -> UInt64 {
    let bits = (number == 0 ? 0 : number).bitPattern
    return bits >> 63 == 0 ? bits | 1 << 63 : ~bits
  }
}
