// A moment as people write it, for `--at` and for going to a time in a recording. Times are UTC, as everywhere.
//
//   start  end                                  the first and the last moment of what is looked at
//   +90s  +1h30m                                so much after the first
//   -5m  -2d                                    so much before the last
//   09:04  09:04:12  09:04:12.5                 the latest such time that is not after the last moment
//   2026-11-22  2026-11-22 09:04  2026-11-22T09:04:12Z  2026-11-22T10:04:12.5+01:00
//   @1795338000  @1795338000.5                  seconds since 1970
//
// A clock time without a fraction means all of its second: a screen that shows 09:04:12 may have been drawn from
// what was seen at 09:04:12.7, and that is what whoever types it wants to see again.

/// A moment, given absolutely or relative to the first or the last one that there is.
package struct TimeReference: Equatable, Sendable {
  private enum Moment: Equatable {
    case first, last
    case afterFirst(UInt64)
    case beforeLast(UInt64)
    case timeOfDay(TimeSpan)
    case absolute(TimeSpan)
  }

  /// As it was written.
  package let text: String
  private let moment: Moment

  /// Reads a moment; nil: it is none.
  package init?(_ text: String) {
    var scan = TimeScan(text)
    guard let moment = Self.moment(&scan), scan.isAtEnd else { return nil }
    self.text = text
    self.moment = moment
  }

  /// Nanoseconds since 1970, where `first` and `last` are those of the first and the last moment. It may lie outside
  /// of the two, and then nothing was seen at that time.
  package func wallTime(first: UInt64, last: UInt64) -> UInt64 {
    switch moment {
    case .first: first
    case .last: last
    case .afterFirst(let time): first.saturatingAdd(time)
    case .beforeLast(let time): last > time ? last - time : 0
    case .absolute(let span): span.end(upTo: last)
    case .timeOfDay(let span): Self.latest(span, notAfter: last).end(upTo: last)
    }
  }

  /// Nanoseconds since 1970 of a date with its time, to the nanosecond; nil: it is none.
  package static func timestamp(_ text: String) -> UInt64? {
    var scan = TimeScan(text)
    guard scan.isDate, let span = scan.date(), scan.isAtEnd else { return nil }
    return span.start
  }

  private static func latest(_ span: TimeSpan, notAfter last: UInt64) -> TimeSpan {
    let midnight = last - last % TimeScan.day
    let today = TimeSpan(start: midnight.saturatingAdd(span.start), isSecond: span.isSecond)
    guard today.start > last, midnight >= TimeScan.day else { return today }
    return TimeSpan(start: today.start - TimeScan.day, isSecond: span.isSecond)
  }

  private static func moment(_ scan: inout TimeScan) -> Moment? {
    if scan.takes("start") { return .first }
    if scan.takes("end") { return .last }
    if scan.takes("+") { return scan.duration().map(Moment.afterFirst) }
    if scan.takes("-") { return scan.duration().map(Moment.beforeLast) }
    if scan.takes("@") { return scan.secondsSince1970().map(Moment.absolute) }
    if scan.isDate { return scan.date().map(Moment.absolute) }
    return scan.timeOfDay().map(Moment.timeOfDay)
  }
}

/// An instant, or the second that begins with it.
struct TimeSpan: Equatable {
  var start: UInt64
  var isSecond: Bool

  /// Its last nanosecond, but not beyond `last` where that lies in it.
  func end(upTo last: UInt64) -> UInt64 {
    guard isSecond else { return start }
    let end = start.saturatingAdd(TimeScan.second - 1)
    return last >= start ? min(end, last) : end
  }
}

extension UInt64 {
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? .max : sum
  }
}
