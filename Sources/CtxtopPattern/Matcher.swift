// The edge to PCRE2: a compiled expression and what a match needs, allocated once.
//
// What must hold: no expression, however bad, and no text can keep the program busy. Both are bounded, the compiled
// code as well, and each match has a number of steps. Where the machine allows no code to be made at run time
// (hardened kernels), PCRE2 interprets the expression; the same limits hold, and memory has one, too.

import CPCRE2

/// A compiled expression. Not to be used by two threads at once: a match writes into it.
struct Matcher: ~Copyable {
  private let code: OpaquePointer
  private let data: OpaquePointer
  private let context: OpaquePointer
  private let stack: OpaquePointer?
  /// How many texts were given up since `forgive`.
  private(set) var limitHits = 0

  /// Steps of one match. What is written with care takes some hundred for a text as long as a row.
  private static let stepLimit: UInt32 = 10_000
  /// Kilobytes of memory for one match that is interpreted.
  private static let heapLimit: UInt32 = 1024
  /// Bytes that an expression may become: `(x{1,200}){1,50}` is short, and large.
  private static let codeLimit = 16384
  /// Bytes of a text that are looked at.
  static let textLimit = 4096
  /// Texts that are given up before the rest is not tried any more.
  static let hitLimit = 32

  /// Compiles an expression. `skipped` characters were typed in front of it.
  init(_ expression: String, isCaseless: Bool, skipped: Int) throws(PatternError) {
    let code = try Matcher.compile(expression, isCaseless: isCaseless, skipped: skipped)
    let made = (data: pcre2_match_data_create_8(1, nil), context: pcre2_match_context_create_8(nil))
    guard let data = made.data, let context = made.context else {
      pcre2_match_context_free_8(made.context)
      pcre2_match_data_free_8(made.data)
      pcre2_code_free_8(code)
      throw PatternError("there is not enough memory to look for it", character: skipped + 1)
    }
    pcre2_set_match_limit_8(context, Matcher.stepLimit)
    pcre2_set_depth_limit_8(context, Matcher.stepLimit)
    pcre2_set_heap_limit_8(context, Matcher.heapLimit)
    stack = pcre2_jit_stack_create_8(32 << 10, 256 << 10, nil)
    if let stack { pcre2_jit_stack_assign_8(context, nil, UnsafeMutableRawPointer(stack)) }
    self.code = code
    self.data = data
    self.context = context
  }

  deinit {
    pcre2_jit_stack_free_8(stack)
    pcre2_match_context_free_8(context)
    pcre2_match_data_free_8(data)
    pcre2_code_free_8(code)
  }

  /// Begins to count anew.
  mutating func forgive() {
    limitHits = 0
  }

  /// Whether a text matches. False when that takes too long; after `hitLimit` such texts, for all others, too.
  mutating func matches(_ text: String) -> Bool {
    guard limitHits < Matcher.hitLimit else { return false }
    var text = text
    // Strings of Swift are valid UTF-8 and, on Linux, lie in one piece: no check, no copy.
    let result = text.withUTF8 { bytes in
      pcre2_match_8(code, bytes.baseAddress, Matcher.length(of: bytes), 0, PCRE2_NO_UTF_CHECK, data, context)
    }
    if result < PCRE2_ERROR_NOMATCH { limitHits += 1 }
    return result >= 0
  }

  /// Bytes of a text that are looked at: no part of a character.
  private static func length(of text: UnsafeBufferPointer<UInt8>) -> Int {
    guard text.count > textLimit else { return text.count }
    var length = textLimit
    while length > 0, text[length] & 0xC0 == 0x80 { length -= 1 }
    return length
  }

  private static func compile(
    _ expression: String, isCaseless: Bool, skipped: Int
  ) throws(PatternError) -> OpaquePointer {
    let options = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (isCaseless ? PCRE2_CASELESS : 0)
    var error: Int32 = 0
    var offset = 0
    var text = expression
    let compiled = text.withUTF8 { pcre2_compile_8($0.baseAddress, $0.count, options, &error, &offset, nil) }
    guard let code = compiled else {
      // PCRE2 tells where it stopped to read: at the character, or at the end.
      let before = String(decoding: expression.utf8.prefix(offset), as: UTF8.self).count
      throw PatternError(code: error, character: skipped + min(before + 1, expression.count))
    }
    var size = 0
    pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_SIZE), &size)
    guard size <= codeLimit else {
      pcre2_code_free_8(code)
      throw PatternError(code: PCRE2_ERROR_PATTERN_TOO_LARGE, character: skipped + 1)
    }
    // When that fails, the expression is interpreted.
    pcre2_jit_compile_8(code, UInt32(PCRE2_JIT_COMPLETE))
    return code
  }
}
