// What search and filter look for: a regular expression as it is typed into a prompt. Pure: nothing here knows
// what a row or a screen is.
//
//   TypedPattern.swift   `!`, `column:` and the expression
//   Matcher.swift        PCRE2: compiles, matches, limits    PatternError.swift   what is wrong, in one line

import Synchronization

/// A regular expression, with an inversion and a column.
///
/// A `!` in front inverts it; a text that begins with one is found by `\!`. `column:` in front restricts it to one
/// column. Letters match in either case, unless one of them is upper case.
package final class Pattern: Sendable {
  /// As it was typed.
  package let text: String
  /// Whether what matches is left out.
  package let isInverted: Bool
  /// The one column that it is about, spelled as in `columns`; nil: all of them.
  package let column: String?
  /// A match writes into its matcher. ctxtop has one thread, so that the lock is never waited for; two threads
  /// that share a pattern would match one after the other.
  private let matcher: Mutex<Matcher>

  /// Characters that may be typed.
  package static let greatestLength = 256

  /// Compiles what was typed. `columns` are the names that may stand in front of a colon, in any case. Nothing
  /// behind `!` or the colon matches everything.
  package init(_ text: String, columns: [String]) throws(PatternError) {
    guard text.unicodeScalars.count <= Pattern.greatestLength else {
      throw PatternError("more than \(Pattern.greatestLength) characters", character: Pattern.greatestLength + 1)
    }
    let typed = TypedPattern(text, columns: columns)
    guard !typed.expression.hasPrefix("(*") else {
      // Orders to PCRE2, such as other limits.
      throw PatternError("nothing to repeat behind (", character: typed.skipped + 2)
    }
    self.text = text
    isInverted = typed.isInverted
    column = typed.column
    matcher = Mutex(try Matcher(typed.expression, isCaseless: typed.isCaseless, skipped: typed.skipped))
  }

  /// Whether a text matches, whatever `isInverted` says. A match that takes too many steps counts as none, see
  /// `didHitLimit`. Of a long text the first 4096 bytes are looked at.
  package func matches(_ text: String) -> Bool {
    matcher.withLock { $0.matches(text) }
  }

  /// Whether a row of these texts is wanted: any of them matches or, inverted, none.
  package func accepts(_ texts: some Sequence<String>) -> Bool {
    texts.contains(where: matches) != isInverted
  }

  /// To be called before many texts are looked at: what took too long before is forgotten.
  package func beginPass() {
    matcher.withLock { $0.forgive() }
  }

  /// Whether a match of this pass took too many steps, so that texts may be missing that match. After 32 of them
  /// no more texts are tried, and all count as not matching.
  package var didHitLimit: Bool { matcher.withLock { $0.limitHits > 0 } }
}

extension Pattern: Equatable {
  /// Whether both are the same to the user.
  package static func == (left: Pattern, right: Pattern) -> Bool {
    left.text == right.text && left.column == right.column
  }
}
