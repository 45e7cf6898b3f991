// The scenarios, and the traces that are recorded of them.

import Foundation

enum Recorded {
  private static let scenarios = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Scenarios")

  /// What Flask's main branch calls with what, without the stacks, of the scenarios in which contexts do not nest.
  static func finish() throws -> [String: [String: [String]]] {
    try Goldens(String(contentsOf: scenarios.appending(path: "traces/finish.txt"), encoding: .utf8)).traces
  }

  /// All scenarios, each with the lines of its traces by version.
  static func all() throws -> [(Scenario, [String: [String]])] {
    let scripted = try FileManager.default.contentsOfDirectory(atPath: scenarios.path + "/scripted").sorted()
    return try (scripted.map { "scripted/" + $0 } + ["random.txt"]).flatMap { file in
      let traces = scenarios.appending(path: "traces").appending(path: file.split(separator: "/").last!)
      let goldens = try Goldens(String(contentsOf: traces, encoding: .utf8))
      return try Scenario.all(in: String(contentsOf: scenarios.appending(path: file), encoding: .utf8))
        .map { ($0, goldens.traces[$0.name] ?? [:]) }
    }
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
