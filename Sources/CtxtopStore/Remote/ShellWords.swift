// Words for the shell of another host: ssh sends one line, which a shell takes apart again.

/// Quoting for a shell.
enum ShellWords {
  /// A command line that any POSIX shell reads as exactly these words. They must not hold NUL, which no word can.
  static func line(_ words: [String]) -> String { words.map(quoted).joined(separator: " ") }

  /// Nothing is special between single quotes, but the single quote.
  static func quoted(_ word: String) -> String {
    if !word.isEmpty, word.utf8.allSatisfy(isSafe) { return word }
    return "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
  }

  /// Means itself in every shell and at every place; `=` and `~` do not at the beginning of a word.
  private static func isSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122: true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: ":"): true
    default: false
    }
  }
}
