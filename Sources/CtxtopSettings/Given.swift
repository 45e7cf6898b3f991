// A given value as what a setting wants, and as a person or a file shows it.

extension Given: CustomStringConvertible {
  /// A text.
  var string: String? {
    switch self {
    case .text(let text), .string(let text): text
    default: nil
    }
  }

  /// Yes or no; a text may say it in the words that environment variables use.
  var boolean: Bool? {
    switch self {
    case .boolean(let value): value
    case .text(let text): Self.words[text.lowercased()]
    default: nil
    }
  }

  /// A number.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .real(let value): value
    case .text(let text): Double(text)
    default: nil
    }
  }

  /// Some texts; a single text has commas between them.
  var strings: [String]? {
    switch self {
    case .list(let values):
      let texts = values.compactMap(\.string)
      return texts.count == values.count ? texts : nil
    case .text(let text): return text.split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init)
    default: return nil
    }
  }

  /// As TOML has it.
  package var description: String {
    switch self {
    case .text(let text), .string(let text): Self.quoted(text)
    case .boolean(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .real(let value): value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
    case .other(let kind): "a \(kind)"
    }
  }

  private static let words = [
    "true": true, "yes": true, "on": true, "1": true, "false": false, "no": false, "off": false, "0": false,
  ]

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 32 || scalar.value == 127:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
