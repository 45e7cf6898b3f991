// Why an expression cannot be used: one line in plain words, for the row below the prompt.

import CPCRE2

/// What is wrong with an expression, and where.
package struct PatternError: Error, Equatable, Sendable, CustomStringConvertible {
  /// What is wrong, without the place.
  package let reason: String
  /// Which character of the typed text it is about, from 1.
  package let character: Int

  /// One line: the reason and the place.
  package var description: String { "\(reason), at character \(character)" }

  init(_ reason: String, character: Int) {
    self.reason = reason
    self.character = character
  }

  /// PCRE2's error `code`. Where its own words are a programmer's, plainer ones take their place.
  init(code: Int32, character: Int) {
    self.init(PatternError.plainWords[code] ?? PatternError.words(of: code), character: character)
  }

  private static let plainWords: [Int32: String] = [
    PCRE2_ERROR_END_BACKSLASH: "\\ with nothing behind it (write \\\\ for a backslash)",
    PCRE2_ERROR_UNKNOWN_ESCAPE: "\\ before a letter that has no meaning with it",
    PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER: "{} with the larger number first",
    PCRE2_ERROR_QUANTIFIER_TOO_BIG: "a number that is too large in {}",
    PCRE2_ERROR_MISSING_SQUARE_BRACKET: "[ without its ]",
    PCRE2_ERROR_CLASS_RANGE_ORDER: "a range in [] that ends before it begins",
    PCRE2_ERROR_QUANTIFIER_INVALID: "nothing to repeat (write \\ before *, + or ? for the character itself)",
    PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS: "( without its )",
    PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS: ") without its (",
    PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE: "a reference to a group that is not there",
    PCRE2_ERROR_UNKNOWN_POSIX_CLASS: "a name in [: :] that is not known",
    PCRE2_ERROR_BACKSLASH_C_CALLER_DISABLED: "\\C, which would halve characters",
    PCRE2_ERROR_PATTERN_TOO_LARGE: "an expression that becomes too large",
  ]

  private static func words(of code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
      let count = pcre2_get_error_message_8(code, buffer.baseAddress, buffer.count)
      return count < 0 ? "error \(code)" : String(decoding: buffer.prefix(Int(count)), as: UTF8.self)
    }
  }
}
