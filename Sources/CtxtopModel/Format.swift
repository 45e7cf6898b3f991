// The one place where values become text: `screen` is compact and for people, `raw` is exact and for
// programs. Text that came from a server is cleaned here, before it can reach a terminal.

import CtxtopSnapshot

/// Turns values into text.
package enum Format {
  /// What stands for a value that is not known.
  package static let unknown = "-"

  /// As a person reads it: `182M`, `310ms`, `3d 04h`.
  package static func screen(_ value: Value) -> String {
    switch value {
    case .unknown: unknown
    case .integer(let value): compact(value)
    case .identifier(let value): String(value)
    case .real(let value): rate(value)
    case .duration(let value): duration(value)
    case .age(let value): age(value)
    case .uptime(let value): uptime(value)
    case .bytes(let value): bytes(value)
    case .percent(let value): "\(rate(value))%"
    case .share(let value, let limit): limit.map { "\(compact(value))/\(compact($0))" } ?? compact(value)
    case .time(let value): String(time(value).prefix(19))
    case .text(let value): cleaned(value)
    case .state(let name, _): cleaned(name)
    }
  }

  /// As a program reads it: whole numbers, nanoseconds, bytes; empty when not known. Texts are the raw
  /// truth, control characters included: quoting is the file format's part.
  package static func raw(_ value: Value) -> String {
    switch value {
    case .unknown: ""
    case .integer(let value), .duration(let value), .age(let value), .uptime(let value), .bytes(let value),
      .share(let value, _):
      String(value)
    case .identifier(let value): String(value)
    case .real(let value), .percent(let value): fixed(value, digits: 3)
    case .time(let value): time(value)
    case .text(let value): value
    case .state(let name, _): name
    }
  }

  // MARK: - Numbers

  /// At most five characters: `0`, `99999`, `123k`, `45M`.
  package static func compact(_ value: UInt64) -> String {
    if value < 100_000 { return String(value) }
    var value = value
    for suffix in ["k", "M", "G", "T", "P"] {
      value /= 1000
      if value < 10_000 { return "\(value)\(suffix)" }
    }
    return "\(value / 1000)E"
  }

  /// A rate in at most five characters: `0`, `0.2`, `12.3`, `412`.
  package static func rate(_ value: Double) -> String {
    guard value.isFinite, value > 0 else { return "0" }
    if value >= 99.95 { return compact(value < 1e18 ? UInt64(value + 0.5) : UInt64(1e18)) }
    let text = fixed(value, digits: value < 0.095 ? 2 : 1)
    return text == "0.00" ? "<0.01" : text
  }

  /// A number with so many digits behind the point.
  package static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "" }
    var scale: UInt64 = 1
    for _ in 0..<digits { scale *= 10 }
    let units = UInt64(abs(value) * Double(scale) + 0.5)
    let rest = String(units % scale)
    let fraction = digits == 0 ? "" : "." + String(repeating: "0", count: max(digits - rest.count, 0)) + rest
    return (value < 0 && units > 0 ? "-" : "") + String(units / scale) + fraction
  }

  /// Memory in at most five characters: `512`, `12k`, `182M`, `1.4G`.
  package static func bytes(_ value: UInt64) -> String {
    if value < 1000 { return String(value) }
    var amount = Double(value)
    for suffix in ["k", "M", "G", "T", "P"] {
      amount /= 1024
      if amount < 9.95, suffix != "k" { return fixed(amount, digits: 1) + suffix }
      if amount < 999.5 { return fixed(amount, digits: 0) + suffix }
    }
    return fixed(amount, digits: 0) + "P"
  }

  /// `1 request`, `41 requests`: a count with the right word.
  package static func count(_ count: UInt64, _ one: String, _ many: String) -> String {
    "\(count) \(count == 1 ? one : many)"
  }

  // MARK: - Times

  /// A latency: `310us`, `12ms`, `1.2s`, `4m12s`.
  package static func duration(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case 0: "0ms"
    case ..<1_000_000: "\(max(nanoseconds / 1000, 1))us"
    case ..<1_000_000_000: "\(nanoseconds / 1_000_000)ms"
    case ..<10_000_000_000: fixed(Double(nanoseconds / 100_000_000) / 10, digits: 1) + "s"
    default: age(nanoseconds)
    }
  }

  /// A long time in its two greatest units: `9s`, `4m12s`, `2h05m`, `3d04h`.
  package static func age(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    if seconds < 60 { return "\(seconds)s" }
    if seconds < 3600 { return "\(seconds / 60)m\(two(seconds % 60))s" }
    if seconds < 86_400 { return "\(seconds / 3600)h\(two(seconds / 60 % 60))m" }
    let days = seconds / 86_400
    return days < 100 ? "\(days)d\(two(seconds / 3600 % 24))h" : "\(days)d"
  }

  /// The same without the seconds that follow minutes: `9s`, `4m`, `2h05m`, `3d04h`.
  package static func uptime(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    return seconds < 60 || seconds >= 3600 ? age(nanoseconds) : "\(seconds / 60)m"
  }

  /// The same as a clock shows it: `00:04:12`; from four days on, in hours.
  package static func clock(_ nanoseconds: UInt64) -> String {
    let seconds = nanoseconds / 1_000_000_000
    return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60))"
  }

  /// `2026-11-22T09:00:00.123456789Z`.
  package static func time(_ nanosecondsSince1970: UInt64) -> String {
    let time = CivilTime(nanosecondsSince1970: nanosecondsSince1970)
    let nanoseconds = String(time.nanosecond)
    return "\(time.year)-\(two(time.month))-\(two(time.day))T\(two(time.hour)):\(two(time.minute)):\(two(time.second))."
      + String(repeating: "0", count: 9 - nanoseconds.count) + nanoseconds + "Z"
  }

  private static func two(_ value: some BinaryInteger) -> String { value < 10 ? "0\(value)" : String(value) }

  // MARK: - Text

  /// The text without what a terminal would act on: control characters, and marks that change the
  /// direction of writing, become `?`; tabs and newlines become spaces.
  package static func cleaned(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var clean = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      clean.append(isUnsafe(scalar) ? (scalar == "\n" || scalar == "\t" ? " " : "?") : scalar)
    }
    return String(clean)
  }

  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case ..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069, 0x061C: true
    default: false
    }
  }
}
