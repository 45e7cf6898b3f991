// JSON of a few values: objects keep the order in which they were written.

/// A value of JSON.
package enum JSONText {
  case null
  case bool(Bool)
  case integer(Int64)
  case text(String)
  case array([JSONText])
  case object([(String, JSONText)])

  /// A number that may be too large for any reader: then it is the largest that is not.
  package static func count(_ value: UInt64?) -> JSONText { value.map { .integer(Int64(clamping: $0)) } ?? .null }
  /// A number, or null.
  package static func number(_ value: Int64?) -> JSONText { value.map { .integer($0) } ?? .null }
  /// A text, or null.
  package static func optional(_ value: String?) -> JSONText { value.map { .text($0) } ?? .null }

  /// The value as one line, without a newline.
  package var line: String {
    var out = ""
    write(to: &out)
    return out
  }

  private func write(to out: inout String) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .text(let value): Self.write(value, to: &out)
    case .array(let values):
      out += "["
      for (index, value) in values.enumerated() {
        if index > 0 { out += "," }
        value.write(to: &out)
      }
      out += "]"
    case .object(let members):
      out += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { out += "," }
        Self.write(member.0, to: &out)
        out += ":"
        member.1.write(to: &out)
      }
      out += "}"
    }
  }

  private static func write(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case _ where scalar.value < 0x20 || scalar.value == 0x7F:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
