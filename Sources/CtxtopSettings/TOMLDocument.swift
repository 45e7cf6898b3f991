// The one place that knows the TOML library: bytes -> keys and values.

import TOMLKit

/// A file's settings as they were given.
struct TOMLDocument {
  /// Why a text is no TOML.
  struct SyntaxError: Error {
    let message: String
    let line: Int
    let column: Int
  }

  /// Keys with their tables in front, in alphabetical order, and what stands there. An empty table has no entry.
  let entries: [(key: String, value: Given)]

  init(_ text: String) throws(SyntaxError) {
    if let place = TableNames.mistake(in: text) {
      throw SyntaxError(message: "a table without a name", line: place.line, column: place.column)
    }
    do {
      let table = try TOMLTable(string: text)
      entries = withExtendedLifetime(table) { Self.entries(of: table, prefix: "") }
    } catch let error as TOMLParseError {
      throw SyntaxError(
        message: Self.line(error.description), line: error.source.begin.line, column: error.source.begin.column)
    } catch {
      throw SyntaxError(message: "\(error)", line: 1, column: 1)
    }
  }

  /// Settings have one table in front of them at most; what lies deeper is told by its beginning.
  private static func entries(of table: TOMLTable, prefix: String) -> [(key: String, value: Given)] {
    table.keys.sorted().flatMap { key -> [(key: String, value: Given)] in
      guard let value = table[key] else { return [] }
      if prefix.isEmpty, let inner = value.table { return entries(of: inner, prefix: key + ".") }
      return [(prefix + key, given(value))]
    }
  }

  private static func given(_ value: any TOMLValueConvertible) -> Given {
    switch value.type {
    case .string: value.string.map(Given.string) ?? .other("string")
    case .bool: value.bool.map(Given.boolean) ?? .other("boolean")
    case .int: value.int.map(Given.integer) ?? .other("integer")
    case .double: value.double.map(Given.real) ?? .other("number")
    case .array: value.array.map { .list($0.map { given($0) }) } ?? .other("array")
    case .table, .date, .time, .dateTime: .other(value.type.description)
    }
  }

  private static func line(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }
}
