// The same meaning as Flask's: every scenario of Tests/Scenarios has on CtxtopContexts the trace that was recorded on
// each real Flask (Tests/Python/test_flask_traces.py records them, and checks that they still are Flask's).

import CtxtopContexts
import Foundation
import Testing

@Suite struct TraceTests {
  @Test(arguments: Flask.released, [Stacks.thread, .task])
  func everyScenarioHasTheTraceOfFlask(_ flask: Flask, _ stacks: Stacks) throws {
    var differences: [String] = []
    for (scenario, recorded) in try Recorded.all() {
      let expected = try #require(recorded[flask.rawValue], "\(scenario.name) is not recorded")
      let played = Player(scenario, on: flask, stacks: stacks).play()
      if played != expected { differences.append(Self.difference(scenario.name, played, expected)) }
    }
    #expect(
      differences.isEmpty, "\(differences.count) scenarios:\n\n\(differences.prefix(10).joined(separator: "\n\n"))")
  }

  /// The policy `finish` is that of Flask's main branch, where one request follows the other.
  @Test func whatIsCalledWithWhatIsThatOfTheNewestFlask() throws {
    let recorded = try Recorded.finish()
    var differences: [String] = []
    for (scenario, _) in try Recorded.all() {
      guard let expected = recorded[scenario.name]?[Flask.main.rawValue] else { continue }
      let lines = Player(scenario, on: .main, stacks: .thread).play()
      let played = lines.map { String($0.prefix { $0 != "|" }.dropLast()) }
      if played != expected { differences.append(Self.difference(scenario.name, played, expected)) }
    }
    #expect(recorded.count >= 40)
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n\n"))")
  }

  @Test func thereAreEnoughScenarios() throws {
    let recorded = try Recorded.all()
    #expect(recorded.count >= 200)
    #expect(recorded.allSatisfy { $0.1.count == Flask.released.count })
  }

  /// Where two traces part, with what came before.
  private static func difference(_ name: String, _ played: [String], _ expected: [String]) -> String {
    let same = zip(played, expected).prefix { $0 == $1 }.count
    func next(_ lines: [String], _ mark: String) -> [String] { lines.dropFirst(same).prefix(3).map { "\(mark) \($0)" } }
    let before = expected.prefix(same).suffix(6).map { "    \($0)" }
    return ([name] + before + next(expected, "  F") + next(played, "  S")).joined(separator: "\n")
  }
}
