// Which visits are made how often: `cart=0.5,order=0,job=once`.

import ArgumentParser

/// Which visits are made how often.
package struct Mix: Equatable, Sendable {
  /// How often a visit is made.
  package enum Share: Equatable, Sendable {
    /// In relation to the others.
    case weight(Double)
    /// One single time, early.
    case once
  }

  /// The visits that are made at all.
  package private(set) var shares: [Visit: Share]

  /// What is there by default, without what leaves something behind where the shop is healthy.
  package init(isHealthy: Bool, policy: DemoPolicy) {
    shares = [:]
    for visit in Visit.allCases where !(isHealthy && visit.isDefect) { shares[visit] = .weight(visit.weight) }
    guard !isHealthy else { return }
    // One context left behind is enough to see what it does, and with more there would soon be no other thread.
    for visit in [.job, .hook] as [Visit] { shares[visit] = .once }
    shares[.warmup] = nil
    if policy == .legacy {
      shares[.cart] = .once
      for visit in [.hook, .invoice, .stray] as [Visit] { shares[visit] = nil }
    }
  }

  /// The same with these changes.
  package func changed(by changes: MixChanges) -> Mix {
    var mix = self
    for (visit, share) in changes.shares { mix.shares[visit] = share == .weight(0) ? nil : share }
    return mix
  }

  /// The visits made by weight, in the table's order, with the sum of weights up to each.
  package var ladder: [(visit: Visit, upTo: Double)] {
    var sum = 0.0
    return Visit.allCases.compactMap { visit in
      guard case .weight(let weight)? = shares[visit] else { return nil }
      sum += weight
      return (visit, sum)
    }
  }

  /// The visits made once, in the table's order.
  package var single: [Visit] { Visit.allCases.filter { shares[$0] == .once } }
}

/// What was given with `--mix`.
package struct MixChanges: Equatable, Sendable {
  package private(set) var shares: [Visit: Mix.Share] = [:]

  package init() {}

  /// Throws what is wrong with it.
  @Sendable package static func read(_ text: String) throws -> MixChanges {
    var changes = MixChanges()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard words.count == 2, let visit = Visit(rawValue: words[0]), let share = share(words[1]) else {
        throw ValidationError("give VISIT=WEIGHT, a weight from 0 to 1000 or once, as in cart=0.5,job=once")
      }
      changes.shares[visit] = share
    }
    return changes
  }

  private static func share(_ text: String) -> Mix.Share? {
    if text == "once" { return .once }
    guard let weight = Double(text), weight >= 0, weight <= 1000 else { return nil }
    return .weight(weight)
  }
}
