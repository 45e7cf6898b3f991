// Numbers that look random and are the same whenever they are drawn from the same seed (SplitMix64), and what tests
// make of them.

import CtxtopSnapshot

/// A source of numbers, all of which follow from where it began.
package struct Dice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Less than a limit; 0 where that is 0.
  package mutating func number(below limit: UInt64) -> UInt64 { limit == 0 ? 0 : next() % limit }

  /// True as often as this.
  package mutating func chance(_ probability: Double) -> Bool {
    Double(next() >> 11) < probability * 9_007_199_254_740_992
  }

  package mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

  package mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in byte() } }
}

/// Whoever makes something of what dice show.
package protocol DiceThrower {
  var dice: Dice { get set }
}

extension DiceThrower {
  package mutating func next() -> UInt64 { dice.next() }
  package mutating func small(_ limit: UInt64) -> Int { Int(dice.number(below: limit)) }
  package mutating func flip() -> Bool { next() & 1 == 1 }
  package mutating func rarely() -> Bool { next() % 8 == 0 }
  /// Of any size, small ones as often as large ones.
  package mutating func number() -> UInt64 { next() >> (next() % 64) }

  /// What a name may look like, and what nobody should call anything.
  package mutating func text() -> String {
    let texts = [
      "", "a", "GET", "/chat/<id>", "shop.py:41 chat", "naïve", "日本", "\u{0}\u{1B}[2J", "\"\\\u{2028}/", "👩‍👩‍👧", "a: b",
      "\u{7F}\u{9F}\u{FEFF}", "\"time\":\"1970-01-01T00:00:01Z\"",
    ]
    return texts[small(UInt64(texts.count))] + (rarely() ? String(repeating: "z", count: small(300)) : "")
  }

  package mutating func label() -> RequestLabel? {
    rarely() ? nil : RequestLabel(method: text(), endpoint: flip() ? text() : nil, rule: flip() ? text() : nil)
  }
  /// A failure with something in every field, its first and its last time made by `time`.
  package mutating func failure(time: (inout Self) -> UInt64) -> TeardownFailure {
    var failure = TeardownFailure(function: text(), exception: text())
    failure.location = text()
    failure.kind = flip() ? .app : .request
    failure.blueprint = flip() ? text() : nil
    failure.message = text()
    failure.label = label()
    failure.unit = flip() ? small(9) : nil
    failure.count = number()
    failure.first = time(&self)
    failure.last = time(&self)
    failure.skipped = (0..<small(4)).map { _ in text() }
    failure.traceback = text()
    return failure
  }
}
