// Reads the parts of a moment from left to right. All numbers are bounded before they are multiplied: what a user
// types is never a trap.

struct TimeScan {
  static let second: UInt64 = 1_000_000_000
  static let day: UInt64 = 86_400 * second
  /// The last year of which every moment can be counted in nanoseconds since 1970.
  private static let lastYear: UInt64 = 2553
  /// A duration is at most so many of its unit: a hundred years in days, and more of anything smaller.
  private static let longest: UInt64 = 4_000_000_000

  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  /// Whether a date stands here: it begins with four digits and a hyphen.
  var isDate: Bool {
    let head = Array(rest.prefix(5))
    return head.count == 5 && head[..<4].allSatisfy(Self.isDigit) && head[4] == UInt8(ascii: "-")
  }

  /// Takes a word; false: it is not here.
  mutating func takes(_ word: StaticString) -> Bool {
    let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard rest.starts(with: bytes) else { return false }
    rest = rest.dropFirst(bytes.count)
    return true
  }

  /// `90s`, `1h30m`, `2d`; a number alone is in seconds. In nanoseconds.
  mutating func duration() -> UInt64? {
    var sum: UInt64 = 0
    var last = UInt64.max
    repeat {
      guard let amount = number(1...10), amount <= Self.longest,
        let unit = isAtEnd && last == .max ? Self.second : unit(), unit < last
      else { return nil }
      let (part, isOver) = amount.multipliedReportingOverflow(by: unit)
      sum = isOver ? .max : sum.saturatingAdd(part)
      last = unit
    } while !isAtEnd
    return sum
  }

  /// `1795338000`, with or without a fraction.
  mutating func secondsSince1970() -> TimeSpan? {
    guard let seconds = number(1...11), seconds <= UInt64.max / Self.second - 1 else { return nil }
    return span(seconds)
  }

  /// `09:04`, `09:04:12`, `09:04:12.5`: since midnight.
  mutating func timeOfDay() -> TimeSpan? {
    guard let hour = number(1...2), hour < 24, takes(":"), let minute = number(2...2), minute < 60 else { return nil }
    let time = (hour * 60 + minute) * 60
    guard takes(":") else { return TimeSpan(start: time * Self.second, isSecond: true) }
    guard let second = number(2...2), second < 60 else { return nil }
    return span(time + second)
  }

  /// `2026-11-22`, and a time of day behind a `T` or a space.
  mutating func date() -> TimeSpan? {
    guard let year = number(4...4), (1970...Self.lastYear).contains(year), takes("-"),
      let month = number(2...2), (1...12).contains(month), takes("-"),
      let day = number(2...2), (1...Self.days(in: month, of: year)).contains(day)
    else { return nil }
    let midnight = Self.daysSince1970(year, month, day) * Self.day
    if isAtEnd { return TimeSpan(start: midnight, isSecond: true) }
    guard takes("T") || takes("t") || takes(" "), let time = timeOfDay(), let offset = offset() else { return nil }
    let local = midnight + time.start
    if offset >= 0 {
      guard local >= UInt64(offset) else { return nil }
      return TimeSpan(start: local - UInt64(offset), isSecond: time.isSecond)
    }
    return TimeSpan(start: local + UInt64(-offset), isSecond: time.isSecond)
  }

  /// `Z`, nothing, or how far a clock is ahead of UTC, in nanoseconds.
  private mutating func offset() -> Int64? {
    if isAtEnd || takes("Z") || takes("z") { return 0 }
    let isAhead = takes("+")
    guard isAhead || takes("-"), let hours = number(2...2), hours < 24, takes(":"), let minutes = number(2...2),
      minutes < 60
    else { return nil }
    let offset = Int64((hours * 60 + minutes) * 60 * Self.second)
    return isAhead ? offset : -offset
  }

  /// The second that was read, or the instant in it that up to nine digits behind a point tell.
  private mutating func span(_ seconds: UInt64) -> TimeSpan? {
    let start = seconds * Self.second
    guard takes(".") else { return TimeSpan(start: start, isSecond: true) }
    let before = rest.count
    guard var fraction = number(1...9) else { return nil }
    for _ in (before - rest.count)..<9 { fraction *= 10 }
    return TimeSpan(start: start + fraction, isSecond: false)
  }

  private mutating func unit() -> UInt64? {
    if takes("s") { return Self.second }
    if takes("ms") { return 1_000_000 }
    if takes("m") { return 60 * Self.second }
    if takes("h") { return 3600 * Self.second }
    return takes("d") ? Self.day : nil
  }

  /// As many digits as there are, if so many may be.
  private mutating func number(_ width: ClosedRange<Int>) -> UInt64? {
    let digits = rest.prefix(while: Self.isDigit)
    guard width.contains(digits.count) else { return nil }
    rest = rest[digits.endIndex...]
    return digits.reduce(0) { $0 * 10 + UInt64($1 - 48) }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private static func days(in month: UInt64, of year: UInt64) -> UInt64 {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// The other way round than `CivilTime`: years begin on a first of March.
  private static func daysSince1970(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> UInt64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = shifted / 400
    let yearOfEra = shifted % 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
