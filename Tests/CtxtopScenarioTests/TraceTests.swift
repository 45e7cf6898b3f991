// The same meaning as Flask's: every scenario of Tests/Scenarios has on CtxtopContexts the trace that was recorded on
// each real Flask (Tests/Python/test_flask_traces.py records them, and checks that they still are Flask's).

import CtxtopContexts
import Foundation
import Testing

@Suite struct TraceTests {
  @Test(arguments: Flask.allCases, [Stacks.thread, .task])
  func everyScenarioHasTheTraceOfFlask(_ flask: Flask, _ stacks: Stacks) throws {
    var differences: [String] = []
    for (scenario, recorded) in try Self.recorded {
      let expected = try #require(recorded[flask.rawValue], "\(scenario.name) is not recorded")
      let played = Player(scenario, on: flask, stacks: stacks).play()
      if played != expected { differences.append(Self.difference(scenario.name, played, expected)) }
    }
    #expect(
      differences.isEmpty, "\(differences.count) scenarios:\n\n\(differences.prefix(10).joined(separator: "\n\n"))")
  }

  @Test func thereAreEnoughScenarios() throws {
    let recorded = try Self.recorded
    #expect(recorded.count >= 200)
    #expect(recorded.allSatisfy { $0.1.count == Flask.allCases.count })
  }

  /// All scenarios, each with the lines of its traces by version.
  private static var recorded: [(Scenario, [String: [String]])] {
    get throws {
      let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let scenarios = root.appending(path: "Scenarios")
      let scripted = try FileManager.default.contentsOfDirectory(atPath: scenarios.path + "/scripted").sorted()
      return try (scripted.map { "scripted/" + $0 } + ["random.txt"]).flatMap { file in
        let traces = scenarios.appending(path: "traces").appending(path: file.split(separator: "/").last!)
        let goldens = try Goldens(String(contentsOf: traces, encoding: .utf8))
        return try Scenario.all(in: String(contentsOf: scenarios.appending(path: file), encoding: .utf8))
          .map { ($0, goldens.traces[$0.name] ?? [:]) }
      }
    }
  }

  /// Where two traces part, with what came before.
  private static func difference(_ name: String, _ played: [String], _ expected: [String]) -> String {
    let same = zip(played, expected).prefix { $0 == $1 }.count
    func next(_ lines: [String], _ mark: String) -> [String] { lines.dropFirst(same).prefix(3).map { "\(mark) \($0)" } }
    let before = expected.prefix(same).suffix(6).map { "    \($0)" }
    return ([name] + before + next(expected, "  F") + next(played, "  S")).joined(separator: "\n")
  }
}

/// The file format of Tests/Scenarios/goldens.py.
private struct Goldens {
  /// Of each scenario, by version.
  var traces: [String: [String: [String]]] = [:]

  init(_ text: String) {
    var scenario = ""
    var versions: [String] = []
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      if line.hasPrefix(" ") {
        let content = String(line.drop { $0 == " " })
        for version in versions { traces[scenario, default: [:]][version, default: []].append(content) }
      } else if words[0] == "scenario" {
        scenario = words[1]
      } else {
        versions = Array(words.dropFirst())
      }
    }
  }
}
