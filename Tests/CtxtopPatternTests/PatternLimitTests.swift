import CtxtopPattern
import Testing

/// Expressions that would run for years, and texts that provoke it.
@Suite struct PatternLimitTests {
  @Test(arguments: [
    "(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*b", "(a?){60}a{60}b", #"(a+)\1+(a+)\2+b"#, "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(?:(?:a?){30}){30}b", "(?R)?a+(?R)b", "(((((a+)+)+)+)+)+!", "(?=(a+)+b)", "(?<!a{3})(a*)*b", "a*a*a*a*a*a*a*a*b*c",
    "(?>(a+)+)(a|b|ab)*c", "((a)|(a))*?b[^a]", "(a*?)*?$b",
  ])
  func neverHangs(expression: String) throws {
    let pattern = try Pattern(expression, columns: [])
    let clock = ContinuousClock()
    let time = clock.measure {
      for length in [28, 60, 200, 4096, 100_000] {
        for end in ["", "!", "bcA!-"] {
          _ = pattern.matches(String(repeating: "a", count: length) + end)
        }
      }
    }
    #expect(time < .seconds(2))
  }

  @Test func aLimitIsToldAndCountsAsNoMatch() throws {
    let pattern = try Pattern("(a+)+$", columns: [])
    let hostile = String(repeating: "a", count: 40) + "!"
    #expect(pattern.matches("aaa"))
    #expect(!pattern.didHitLimit)
    #expect(!pattern.matches(hostile))
    #expect(pattern.didHitLimit)
    #expect(pattern.matches("aaa"))
    for _ in 0..<40 { _ = pattern.matches(hostile) }
    #expect(!pattern.matches("aaa"), "given up")
    pattern.beginPass()
    #expect(!pattern.didHitLimit)
    #expect(pattern.matches("aaa"))
  }

  @Test func aPassOverAllRowsOfAHostileServerEnds() throws {
    let pattern = try Pattern("(a+)+$", columns: [])
    let texts = (0..<16_384).map { String(repeating: "a", count: 40 + $0 % 20) + "!" }
    let clock = ContinuousClock()
    let time = clock.measure { #expect(!texts.contains(where: pattern.matches)) }
    #expect(time < .seconds(1))
  }

  @Test func threadsMayShareAPattern() async throws {
    let pattern = try Pattern("b(o+)k", columns: [])
    let counts = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask { (0..<2000).count { pattern.matches($0 % 2 == 0 ? "a book" : "a bok too, bk") } }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == [2000, 2000, 2000, 2000])
  }
}
