// What a cell of a table holds, before it becomes text. Screen, CSV and sorting take the same value.

/// A value with its kind.
package enum Value: Equatable, Sendable {
  /// Not known, or there is none.
  case unknown
  /// A count.
  case integer(UInt64)
  /// A name that happens to be a number: a pid, an index.
  case identifier(Int64)
  /// A rate.
  case real(Double)
  /// A short time in nanoseconds: a latency.
  case duration(UInt64)
  /// A long time in nanoseconds: an age.
  case age(UInt64)
  /// A long time in nanoseconds of which the seconds soon do not matter: an uptime. A column of them stands still.
  case uptime(UInt64)
  /// An amount of memory.
  case bytes(UInt64)
  /// A percentage.
  case percent(Double)
  /// So many of so many; nil: without a limit.
  case share(UInt64, of: UInt64?)
  /// A time: nanoseconds since 1970.
  case time(UInt64)
  /// A text, not yet cleaned when it came from a server.
  case text(String)
  /// A state, by its name, and how good or bad it is.
  case state(String, StateLevel)

  /// The value of an optional count.
  package static func integer(_ value: Int?) -> Value { value.map { .integer(UInt64(max($0, 0))) } ?? .unknown }
}
