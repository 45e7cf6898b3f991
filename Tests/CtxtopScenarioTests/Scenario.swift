// A scenario as it is written: the language of Tests/Scenarios/language.py, which describes it.

import Foundation

/// The words of one step.
typealias Step = [String]

/// Steps that have a name. `owner` of a view or teardown function, `kind` of a teardown function.
struct Block: Sendable {
  var name: String
  var steps: [Step]
  var owner = ""
  var kind = ""
}

/// What a context named in a scenario is one of: of an app, or of a request for a view.
struct NamedContext: Sendable {
  var kind: String
  var of: String
}

struct Scenario: Sendable {
  var name: String
  /// Names in order, and whether an error of a view goes on to who asked.
  var apps: [(name: String, propagates: Bool)] = []
  /// The app of a group.
  var groups: [String: String] = [:]
  var views: [String: Block] = [:]
  var bodies: [String: Block] = [:]
  var parts: [String: Block] = [:]
  /// In the order of registration.
  var teardowns: [Block] = []
  var receivers: [Block] = []
  var contexts: [String: NamedContext] = [:]
  var main: [Step] = []

  func app(of owner: String) -> String { groups[owner] ?? owner }
}

/// A line that is none of the language.
struct LanguageError: Error { var line: String }

extension Scenario {
  static func all(in text: String) throws -> [Scenario] {
    var scenarios: [Scenario] = []
    for line in text.split(separator: "\n") {
      let text = line.trimmingCharacters(in: .whitespaces)
      if text.isEmpty || text.hasPrefix("#") { continue }
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      let words = parts[0].split(separator: " ").map(String.init)
      if words.first == "scenario", words.count == 2 {
        scenarios.append(Scenario(name: words[1]))
      } else {
        guard !scenarios.isEmpty else { throw LanguageError(line: text) }
        try scenarios[scenarios.count - 1].define(words, steps(parts.count == 2 ? parts[1] : ""), text)
      }
    }
    return scenarios
  }

  private static func steps(_ text: Substring) -> [Step] {
    text.split(separator: ";").map { $0.split(separator: " ").map(String.init) }.filter { !$0.isEmpty }
  }

  private mutating func define(_ words: [String], _ steps: [Step], _ line: String) throws {
    let name = words.count > 1 ? words[1] : ""
    switch (words[0], words.count) {
    case ("app", 2), ("app", 3): apps.append((name, words.last == "propagates"))
    case ("group", 4): groups[name] = words[3]
    case ("view", 4): views[name] = Block(name: name, steps: steps, owner: words[3])
    case ("teardown", 6): teardowns.append(Block(name: name, steps: steps, owner: words[3], kind: words[5]))
    case ("receiver", 4): receivers.append(Block(name: name, steps: steps, owner: words[3]))
    case ("context", 5): contexts[name] = NamedContext(kind: words[3], of: words[4])
    case ("body", 2): bodies[name] = Block(name: name, steps: steps)
    case ("part", 2): parts[name] = Block(name: name, steps: steps)
    case ("main", 1): main += steps
    default: throw LanguageError(line: line)
    }
  }
}
