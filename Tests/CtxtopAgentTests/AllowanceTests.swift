// What clients may cost, with a clock that the test holds.

import Testing

@testable import CtxtopAgent

@Suite("What clients may cost")
struct AllowanceTests {
  private static let millisecond: UInt64 = 1_000_000
  private static let begin: UInt64 = 1 << 40

  @Test("A second may be spent at once")
  func burst() {
    var allowance = Allowance()
    for round in 0..<900 {
      allowance.spend(Self.millisecond, at: Self.begin + UInt64(round) * Self.millisecond)
      #expect(allowance.pausedUntil == 0)
    }
  }

  @Test("In the long run it is an eighth, however much is wanted", arguments: [10_000, 300_000, 1_000_000, 3_000_000])
  func share(round: UInt64) {
    var allowance = Allowance()
    var now = Self.begin
    var spent: UInt64 = 0
    while now < Self.begin + 60_000 * Self.millisecond {
      now = max(now, allowance.pausedUntil) + round
      spent += round
      allowance.spend(round, at: now)
      #expect(allowance.pausedUntil <= now + 24 * Self.millisecond)
    }
    let share = Double(spent - min(spent, 1000 * Self.millisecond)) / Double(now - Self.begin)
    #expect(share > 0.09 && share < 0.13)
  }

  @Test("What single rounds cost too much is forgiven: nobody waits longer for it")
  func debt() {
    var allowance = Allowance()
    allowance.spend(60_000 * Self.millisecond, at: Self.begin)
    #expect(allowance.pausedUntil == Self.begin + 24 * Self.millisecond)
    allowance.spend(0, at: allowance.pausedUntil)
    allowance.spend(Self.millisecond / 2, at: Self.begin + 1000 * Self.millisecond)
    #expect(allowance.pausedUntil <= Self.begin + 60 * Self.millisecond)
  }
}
