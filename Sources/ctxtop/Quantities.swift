// Sizes and times as people write them on a command line.

import ArgumentParser

/// A number of bytes, at least 64 KiB: `500k`, `100M`, `2G`.
struct ByteCount: LimitedArgument {
  static let limits = "a size from 64k, as 500k, 100M or 2G"

  private static let least: UInt64 = 64 << 10
  private static let units: [(suffix: String, bytes: UInt64)] = [("k", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)]

  /// The number.
  let bytes: UInt64

  init?(argument: String) {
    guard let bytes = scaled(argument, by: Self.units), bytes >= Self.least else { return nil }
    self.bytes = bytes
  }
}

/// A time from a second on: `90`, `90s`, `30m`, `12h`, `1d`, `2w`.
struct Period: LimitedArgument {
  static let limits = "a time from 1s, as 90s, 30m, 12h, 1d or 2w"

  private static let second: UInt64 = 1_000_000_000
  private static let units: [(suffix: String, bytes: UInt64)] = [
    ("s", second), ("m", 60 * second), ("h", 3600 * second), ("d", 86_400 * second), ("w", 604_800 * second),
  ]

  /// The time.
  let nanoseconds: UInt64

  init?(argument: String) {
    let text = argument.last?.isNumber == true ? argument + "s" : argument
    guard let nanoseconds = scaled(text, by: Self.units), nanoseconds >= Self.second else { return nil }
    self.nanoseconds = nanoseconds
  }
}

/// A whole number with a unit behind it, or without one; nil: neither, or too large.
private func scaled(_ text: String, by units: [(suffix: String, bytes: UInt64)]) -> UInt64? {
  for unit in units where text.hasSuffix(unit.suffix) {
    guard let number = UInt64(text.dropLast(unit.suffix.count)) else { return nil }
    let (product, isTooLarge) = number.multipliedReportingOverflow(by: unit.bytes)
    return isTooLarge ? nil : product
  }
  return UInt64(text)
}
