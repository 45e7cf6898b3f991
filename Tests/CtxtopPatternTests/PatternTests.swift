import CtxtopPattern
import Testing

@Suite struct PatternTests {
  private let columns = ["id", "endpoint", "OPEN FOR"]

  private func pattern(_ text: String) throws -> Pattern { try Pattern(text, columns: columns) }

  @Test(arguments: [
    ("order", "shop.orders", true), ("^order", "shop.orders", false), ("o.d", "shop.orders", true),
    ("", "anything", true), ("", "", true), ("^$", "", true), ("x", "", false),
    ("naïve", "a NAÏVE one", true), ("日.語", "日本語", true), ("^.$", "日", true), (#"\x{65E5}"#, "日本", true),
    ("shop:app", "shop:app", true), (#"\(\*"#, "f(*args)", true), ("[(*]", "f(*args)", true),
    (#"(\w)\1"#, "hello", true), ("(?<=a)b(?!c)", "abd", true), ("(?i)ORDER", "order", true),
  ])
  func matches(expression: String, text: String, isExpected: Bool) throws {
    #expect(try pattern(expression).matches(text) == isExpected)
  }

  @Test(arguments: [
    ("order", "ORDER", true), ("Order", "order", false), ("Order", "Order", true), ("ÄRGER", "ärger", false),
    ("ärger", "ÄRGER", true), (#"\W\S\Border"#, "- ORDER", false), (#"\S\Wx"#, "a-X", true),
    (#"\p{Lu}x"#, "AX", true), (#"\x{4E}x"#, "NX", true), ("(?P<n>x)", "X", true), (#"\\Px"#, #"\px"#, false),
  ])
  func caseMattersOnceALetterIsUpperCase(expression: String, text: String, isExpected: Bool) throws {
    #expect(try pattern(expression).matches(text) == isExpected)
  }

  @Test(arguments: [
    ("!", false, nil, "", true), ("!a", true, nil, "a", true), (#"\!a"#, false, nil, "!a", true),
    ("id:5", false, "id", "5", true), ("ID:5", false, "id", "5", true), ("!id:5", true, "id", "5", true),
    ("id:!5", true, "id", "5", true), ("!id:!5", false, "id", "5", true), ("open for:5", false, "OPEN FOR", "5", true),
    ("id:", false, "id", "", true), ("!id:", false, "id", "x", true), (#"id\:5"#, false, nil, "id:5", true),
    ("shop:5", false, nil, "shop:5", true), (":5", false, nil, ":5", true), ("id:id:5", false, "id", "id:5", true),
    (#"id:\!5"#, false, "id", "!5", true), ("!!a", true, nil, "!a", true), ("!!a", true, nil, "a", false),
  ])
  func markAndColumnAreTakenOff(
    text: String, isInverted: Bool, column: String?, sample: String, isMatching: Bool
  ) throws {
    let pattern = try pattern(text)
    #expect(pattern.text == text)
    #expect(pattern.isInverted == isInverted)
    #expect(pattern.column == column)
    #expect(pattern.matches(sample) == isMatching)
  }

  @Test func rowsAreWantedByAnyTextOrInvertedByNone() throws {
    #expect(try pattern("a").accepts(["x", "a"]))
    #expect(try !pattern("a").accepts(["x", "y"]))
    #expect(try !pattern("!a").accepts(["x", "a"]))
    #expect(try pattern("!a").accepts(["x", "y"]))
    #expect(try !pattern("a").accepts([]))
    #expect(try pattern("a") == pattern("a"))
    #expect(try pattern("a") != pattern("!a"))
  }

  @Test(arguments: [
    ("(", "( without its ), at character 1"),
    ("日a(b", "( without its ), at character 4"),
    ("a)", ") without its (, at character 2"),
    ("!id:a)", ") without its (, at character 6"),
    ("[a", "[ without its ], at character 2"),
    ("*", "nothing to repeat (write \\ before *, + or ? for the character itself), at character 1"),
    ("a\\", "\\ with nothing behind it (write \\\\ for a backslash), at character 2"),
    ("[z-a]", "a range in [] that ends before it begins, at character 4"),
    ("a{3,2}", "{} with the larger number first, at character 6"),
    (#"\y"#, "\\ before a letter that has no meaning with it, at character 2"),
    (#"\2"#, "a reference to a group that is not there, at character 2"),
    (#"a\C"#, "\\C, which would halve characters, at character 3"),
    ("(?<=a+)b", "lookbehind assertion is not fixed length, at character 1"),
    ("(*LIMIT_MATCH=4000000)a", "nothing to repeat behind (, at character 2"),
    ("!(*UTF)a", "nothing to repeat behind (, at character 3"),
    ("((a{1,200}){1,50}){1,50}", "an expression that becomes too large, at character 1"),
    (String(repeating: "é", count: 257), "more than 256 characters, at character 257"),
  ])
  func mistakesAreToldInOneLine(text: String, line: String) {
    let error = #expect(throws: PatternError.self) { try pattern(text) }
    #expect(error?.description == line)
  }

  @Test func longTextsAreReadToTheirLimit() throws {
    let long = String(repeating: "é", count: 2047)
    #expect(try pattern("x").matches(long + "ax"))
    #expect(try !pattern("x").matches(long + "aax"))
    // The limit lies within the last character.
    let odd = try pattern("日$")
    #expect(!odd.matches(long + "a日"))
    #expect(!odd.didHitLimit)
  }
}
