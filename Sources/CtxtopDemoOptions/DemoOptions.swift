// The options of the demo, for `ctxtop demo`, which hands them on as they were given, and for `ctxtop-demo`, which
// acts on them. Neither HTTP nor SQLite comes with them.

import ArgumentParser

/// What a teardown function that raises leads to.
package enum DemoPolicy: String, CaseIterable, ExpressibleByArgument, Sendable {
  case legacy, pop, finish, log
}

/// The options of the demo.
package struct DemoOptions: ParsableArguments {
  @Option(help: "What a raising teardown function leads to: see above.")
  package var policy: DemoPolicy = .pop

  @Option(help: "How many worker processes. (default: 4)", transform: limited(1...64))
  package var workers: Int = 4

  @Option(help: "How many threads each of them serves requests with. (default: 8)", transform: limited(1...256))
  package var threads: Int = 8

  @Option(
    help: "How many connections to the database each of them may open. (default: 10)", transform: limited(1...1000))
  package var connections: Int = 10

  @Option(help: "The port on 127.0.0.1. (default: any that is free)", transform: limited(0...65535))
  package var port: Int = 0

  @Option(
    help: "How many visitors there are at a time; 0: none, for requests of one's own. (default: 12)",
    transform: limited(0...256))
  package var visitors: Int = 12

  @Option(
    help: "Requests a second, of all visitors together; 0: as fast as they are answered. (default: 60)",
    transform: limited(0...100_000))
  package var rate: Int = 60

  @Option(
    help: ArgumentHelp(
      "Which visits are made how often, as in cart=0.5,order=0,job=once.", valueName: "visit=weight,..."),
    transform: MixChanges.read)
  package var mix = MixChanges()

  @Option(help: "The visitors go after so many requests.", transform: limited(1...1_000_000_000))
  package var requests: Int?

  @Option(help: "Visitors that do the same each time. (default: others each time)")
  package var seed: UInt64?

  @Flag(help: "The same shop and visitors without what leaks.")
  package var healthy = false

  @Flag(help: "Commit when the session is torn down, instead of in the handler.")
  package var commitOnTeardown = false

  @Flag(help: "A worker that leaked is drained and replaced, one at a time.")
  package var recycleOnLeak = false

  @Flag(help: "A worker ends at once when a handler throws, under the requests of its other threads.")
  package var reloadOnException = false

  package init() {}

  package func validate() throws {
    guard !visits.ladder.isEmpty || !visits.single.isEmpty else {
      throw ValidationError("with this --mix there is no visit left to make")
    }
  }

  /// Which visits are made how often.
  package var visits: Mix { Mix(isHealthy: healthy, policy: policy).changed(by: mix) }

  /// What follows the options in the help of both programs.
  package static var explanation: String {
    let visits = Visit.allCases.map { visit in
      "  \(padded(visit.rawValue, 10))\(padded("\(visit.weight)", 6))\(visit.meaning)"
    }
    return """
      POLICIES, for a teardown function that raises:
        legacy    its context stays, and later requests run on it (Flask 0.10)
        pop       its context goes, what was to run next does not (to Flask 3.1)
        finish    all functions run, then the request fails (Flask 3.2)
        log       all functions run, and the failure is logged

      VISITS and their weights, for --mix; those from cart on leave something behind:
      \(visits.joined(separator: "\n"))
      """
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}

/// A whole number in these limits, as the `transform` of an option; throws what it may be.
private func limited(_ limits: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
  { text in
    guard let number = Int(text), limits.contains(number) else {
      throw ValidationError("give a whole number from \(limits.lowerBound) to \(limits.upperBound)")
    }
    return number
  }
}
