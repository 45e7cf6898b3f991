// What the TOML library ends the program for, instead of saying what is wrong: a table whose name does not begin like
// one, as in `[!views]` or `[` alone on a line. Such a text never gets to it.

/// Looks through a text for tables. As far as it is TOML it knows what is a string, a comment or an array; behind the
/// first mistake the library reads no further.
struct TableNames {
  /// Where a name should have begun.
  struct Mistake: Equatable {
    let line: Int
    let column: Int
  }

  private var rest: ArraySlice<Unicode.Scalar>
  private var line = 1
  private var column = 1
  /// Brackets and braces that are open.
  private var depth = 0

  /// The first table without a proper name; nil: there is none.
  static func mistake(in text: String) -> Mistake? {
    // A byte order mark may stand in front of everything.
    var scan = TableNames(rest: Array(text.unicodeScalars.drop { $0 == "\u{FEFF}" })[...])
    return scan.mistake()
  }

  private init(rest: ArraySlice<Unicode.Scalar>) { self.rest = rest }

  private mutating func mistake() -> Mistake? {
    var isAtStart = true
    while let scalar = rest.first {
      switch scalar {
      case "[" where isAtStart && depth == 0:
        if let mistake = header() { return mistake }
      case "#": skip { $0 == "\n" }
      case "\"", "'": string(scalar)
      case "[", "{": open(1)
      case "]", "}": open(-1)
      default: take()
      }
      isAtStart = scalar == "\n" || isAtStart && Self.isBlank(scalar)
    }
    return nil
  }

  /// `[` or `[[`, and what the name begins with.
  private mutating func header() -> Mistake? {
    take()
    skipBlanks()
    if rest.first == "[" {
      take()
      skipBlanks()
    }
    guard let scalar = rest.first, !Self.mayBegin(scalar) else { return nil }
    return Mistake(line: line, column: column)
  }

  /// Passes over a string, to the end of its line where it has no end.
  private mutating func string(_ quote: Unicode.Scalar) {
    let isLong = rest.prefix(3).elementsEqual([quote, quote, quote])
    for _ in 0..<(isLong ? 3 : 1) { take() }
    while let scalar = rest.first {
      if scalar == "\n", !isLong { return }
      if scalar == "\\", quote == "\"" { take() }
      if scalar == quote, !isLong || rest.prefix(3).elementsEqual([quote, quote, quote]) {
        // Up to two quotes may stand right before the end of a long one.
        repeat { take() } while isLong && rest.first == quote
        return
      }
      take()
    }
  }

  private mutating func open(_ change: Int) {
    depth = max(depth + change, 0)
    take()
  }

  private mutating func skipBlanks() { while let scalar = rest.first, Self.isBlank(scalar) { take() } }

  private mutating func skip(to isEnd: (Unicode.Scalar) -> Bool) {
    while let scalar = rest.first, !isEnd(scalar) { take() }
  }

  private mutating func take() {
    guard let scalar = rest.popFirst() else { return }
    column = scalar == "\n" ? 1 : column + 1
    if scalar == "\n" { line += 1 }
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" }

  /// Of `]` the library says itself what is wrong.
  private static func mayBegin(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "A"..."Z", "a"..."z", "0"..."9", "_", "-", "\"", "'", "]": true
    default: false
    }
  }
}
