// JSON that is made here: differences, rows of tables, and the schema. Snapshots are printed by the encoder of
// CtxtopSnapshot.

/// A value of JSON. Objects keep the order in which they were written; a number is the text of one.
indirect enum JSONText {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONText])
  case object([(String, JSONText)])

  /// A whole number; null where it is not known.
  static func integer(_ value: (some BinaryInteger)?) -> JSONText { value.map { .number("\($0)") } ?? .null }

  /// A text; null where it is not known.
  static func text(_ value: String?) -> JSONText { value.map { .string($0) } ?? .null }

  /// The value as one line, without a newline.
  var line: String {
    var text = ""
    write(to: &text, indent: nil)
    return text
  }

  /// With a line for each member, unless all of it fits into one.
  var page: String {
    var text = ""
    write(to: &text, indent: 0)
    return text + "\n"
  }

  private static let width = 120

  private func write(to text: inout String, indent: Int?) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .number(let number): text += number
    case .string(let string): text += Self.quoted(string)
    case .array(let values): write(values.map { (nil, $0) }, "[", "]", to: &text, indent)
    case .object(let members): write(members.map { ($0.0, $0.1) }, "{", "}", to: &text, indent)
    }
  }

  private func write(
    _ parts: [(name: String?, value: JSONText)], _ open: String, _ close: String, to text: inout String, _ indent: Int?
  ) {
    guard let indent, !parts.isEmpty, !fits(at: indent) else {
      return Self.write(parts, open, close, to: &text, separator: indent == nil ? "," : ", ", inner: indent)
    }
    let margin = "\n" + String(repeating: " ", count: indent + 2)
    Self.write(
      parts, open + margin, "\n" + String(repeating: " ", count: indent) + close, to: &text, separator: "," + margin,
      inner: indent + 2)
  }

  private static func write(
    _ parts: [(name: String?, value: JSONText)], _ open: String, _ close: String, to text: inout String,
    separator: String, inner: Int?
  ) {
    text += open
    for (index, part) in parts.enumerated() {
      if index > 0 { text += separator }
      if let name = part.name { text += quoted(name) + (inner == nil ? ":" : ": ") }
      part.value.write(to: &text, indent: inner)
    }
    text += close
  }

  /// Whether it fits into the rest of a line; what has objects in it reads better in lines of its own.
  private func fits(at indent: Int) -> Bool {
    if case .object(let members) = self, members.contains(where: { $0.1.isObject }) { return false }
    return line.count + indent < Self.width * 9 / 10
  }

  private var isObject: Bool { if case .object = self { true } else { false } }

  /// A string with its quotes. What a terminal would act on, and what JavaScript takes for the end of a line, is
  /// escaped too.
  static func quoted(_ string: String) -> String {
    var text = "\""
    for scalar in string.unicodeScalars {
      switch scalar.value {
      case 0x22: text += "\\\""
      case 0x5C: text += "\\\\"
      case 0x0A: text += "\\n"
      case 0x0D: text += "\\r"
      case 0x09: text += "\\t"
      case ..<0x20, 0x7F..<0xA0, 0x2028...0x2029:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
