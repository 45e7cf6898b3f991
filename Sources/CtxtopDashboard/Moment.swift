// Times as people say them. What changes every second is written to the terminal every second, so that a screen on
// which nothing happens shows no seconds where minutes say enough.

import CtxtopModel

/// Times and the time between them.
enum Moment {
  /// The time from one moment to a later one on the same clock, 0 when it is not later.
  static func between(_ earlier: UInt64, _ later: UInt64) -> UInt64 { later > earlier ? later - earlier : 0 }

  /// A wall time as `09:04:12 UTC`: nobody has told the screen a time zone.
  static func text(wallTime: UInt64) -> String {
    let seconds = wallTime / 1_000_000_000 % 86_400
    return [seconds / 3_600, seconds / 60 % 60, seconds % 60].map { "\($0)".count < 2 ? "0\($0)" : "\($0)" }
      .joined(separator: ":") + " UTC"
  }

  /// A sentence in which ages have no seconds from a minute on: `4m12s ago` becomes `4m ago`.
  static func coarse(in sentence: String) -> String {
    sentence.split(separator: " ", omittingEmptySubsequences: false).map { word in
      let end = word.lastIndex(where: { !$0.isPunctuation }) ?? word.startIndex
      let rest = word.isEmpty ? "" : word[word.index(after: end)...]
      return String(word.isEmpty ? "" : withoutSeconds(word[...end])) + rest
    }.joined(separator: " ")
  }

  /// `4m` of `4m12s`; any other word as it is.
  private static func withoutSeconds(_ word: Substring) -> Substring {
    let characters = Array(word.utf8)
    guard characters.count >= 5, characters.count <= 6, characters.last == UInt8(ascii: "s") else { return word }
    let place = characters.count - 4
    let digits = characters.indices.filter { $0 != place && $0 != characters.count - 1 }
    guard characters[place] == UInt8(ascii: "m"), digits.allSatisfy({ (48...57).contains(characters[$0]) }) else {
      return word
    }
    return word.dropLast(3)
  }
}
