// Times as text, without a library: RFC 3339 in UTC, with all nine digits of the nanoseconds.

/// A time of day in the proleptic Gregorian calendar, UTC.
public struct CivilTime: Equatable, Sendable {
  /// The year.
  public var year: Int
  /// 1...12.
  public var month: Int
  /// 1...31.
  public var day: Int
  /// 0...23.
  public var hour: Int
  /// 0...59.
  public var minute: Int
  /// 0...59.
  public var second: Int
  /// 0..<1_000_000_000.
  public var nanosecond: Int

  /// The time that is so many nanoseconds after the beginning of 1970. Days are counted in eras of 400
  /// years that begin on a first of March, so that the leap day is the last of its year.
  public init(nanosecondsSince1970 time: UInt64) {
    let seconds = Int(time / 1_000_000_000)
    nanosecond = Int(time % 1_000_000_000)
    let ofDay = seconds % 86_400
    hour = ofDay / 3600
    minute = ofDay / 60 % 60
    second = ofDay % 60
    let days = seconds / 86_400 &+ 719_468
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let shifted = (5 &* dayOfYear &+ 2) / 153
    day = dayOfYear &- (153 &* shifted &+ 2) / 5 &+ 1
    month = shifted < 10 ? shifted &+ 3 : shifted &- 9
    year = yearOfEra &+ days / 146_097 &* 400 &+ (month <= 2 ? 1 : 0)
  }
}

extension ByteSink {
  /// `2026-11-22T09:00:00.123456789Z`.
  mutating func time(_ nanoseconds: UInt64) {
    let time = CivilTime(nanosecondsSince1970: nanoseconds)
    digits(time.year, 4)
    byte(UInt8(ascii: "-"))
    digits(time.month, 2)
    byte(UInt8(ascii: "-"))
    digits(time.day, 2)
    byte(UInt8(ascii: "T"))
    digits(time.hour, 2)
    byte(UInt8(ascii: ":"))
    digits(time.minute, 2)
    byte(UInt8(ascii: ":"))
    digits(time.second, 2)
    byte(UInt8(ascii: "."))
    digits(time.nanosecond, 9)
    byte(UInt8(ascii: "Z"))
  }

  /// The last `width` decimal digits of a number that is not negative.
  @_optimize(speed)
  @inline(never)
  mutating func digits(_ value: Int, _ width: Int) {
    var rest = UInt32(truncatingIfNeeded: value)
    var index = extend(width)
    let start = index &- width
    while index > start {
      index &-= 1
      put(UInt8(truncatingIfNeeded: 48 &+ rest % 10), at: index)
      rest /= 10
    }
  }
}
