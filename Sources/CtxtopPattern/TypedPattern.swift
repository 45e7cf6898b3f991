// What was typed, taken apart: `!`, `column:` and the expression.

/// The parts of a typed pattern.
struct TypedPattern: Equatable {
  /// Whether what matches is left out.
  private(set) var isInverted = false
  /// The name of the one column that is looked at, as the caller spells it.
  private(set) var column: String?
  /// The regular expression.
  let expression: String
  /// Characters of the typed text in front of the expression.
  let skipped: Int

  /// Takes a text apart. `!` may stand in front of the column or of the expression; twice is not at all. A name
  /// that is none of `columns` belongs to the expression, as in `shop:app`; `id\:5` looks for a text although
  /// there is a column `id`.
  init(_ text: String, columns: [String]) {
    var rest = text[...]
    isInverted = TypedPattern.takeMark(&rest)
    if let colon = rest.firstIndex(of: ":") {
      let name = rest[..<colon].lowercased()
      column = columns.first { $0.lowercased() == name }
      if column != nil {
        rest = rest[rest.index(after: colon)...]
        isInverted = TypedPattern.takeMark(&rest) != isInverted
      }
    }
    // The list must not go blank while somebody has typed `!` and nothing else yet.
    if rest.isEmpty { isInverted = false }
    expression = String(rest)
    skipped = text.count - rest.count
  }

  /// Smart case: whether no letter of the expression is upper case. What follows `\`, and the `P` of `(?P<name>)`,
  /// is no letter.
  var isCaseless: Bool {
    var isEscaped = false
    var before: [Unicode.Scalar] = []
    var isInBraces = false
    for scalar in expression.unicodeScalars {
      defer { before = before.suffix(1) + [scalar] }
      if isInBraces {
        isInBraces = scalar != "}"
      } else if isEscaped {
        isEscaped = false
      } else if scalar == "\\" {
        isEscaped = true
      } else if scalar == "{", TypedPattern.takeBraces(before) {
        isInBraces = true
      } else if scalar.properties.isUppercase, !(scalar == "P" && before == ["(", "?"]) {
        return false
      }
    }
    return true
  }

  /// Whether a brace after these two characters belongs to an escape, as in `\p{Lu}` and `\x{4E}`.
  private static func takeBraces(_ before: [Unicode.Scalar]) -> Bool {
    before.count == 2 && before[0] == "\\" && "pPxoNgk".unicodeScalars.contains(before[1])
  }

  private static func takeMark(_ rest: inout Substring) -> Bool {
    guard rest.first == "!" else { return false }
    rest.removeFirst()
    return true
  }
}
