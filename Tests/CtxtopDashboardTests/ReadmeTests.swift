// The README's tables say what the tables in the code say. When one differs, the failure is the text to paste.

import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopSettings
import Foundation
import Testing

@Suite(.serialized) struct ReadmeTests {
  @Test func keys() throws {
    let rows = KeyBinding.all.map { binding in
      let keys = binding.keys.map { "`\($0.name)`" }.joined(separator: " ")
      return [keys, binding.help, Self.place(binding)]
    }
    try expectBlock("keys", Self.table(["key", "what it does", "where"], rows))
  }

  @Test func columns() throws {
    let blocks = [
      Self.columns(of: .workers), Self.columns(of: .units), Self.columns(of: .contexts),
      Self.columns(of: .connections), Self.columns(of: .failures), Self.columns(of: .verdicts),
    ]
    try expectBlock("columns", blocks.joined(separator: "\n\n"))
  }

  @Test func states() throws {
    let rows = WorkerState.allCases.map { ["`\($0.rawValue)`", $0.meaning] }
    try expectBlock("states", Self.table(["state", "what it means"], rows))
  }

  @Test func otherStates() throws {
    func rows<State: LegendState>(_ kind: String, _: State.Type) -> [[String]] {
      State.allCases.map { [kind, "`\($0.rawValue)`", $0.meaning] }
    }
    let all =
      rows("unit", UnitState.self) + rows("context", ShownContextState.self)
      + rows("connection", JudgedConnectionState.self) + rows("session", LeftSessionState.self)
      + rows("lock", HeldResourceState.self)
    try expectBlock("other states", Self.table(["of a", "state", "what it means"], all))
  }

  @Test func verdicts() throws {
    let entries = VerdictCatalogue.all.map { code, entry in
      """
      **\(code.rawValue) \(entry.name)** (\(entry.severity.rawValue))

      \(Self.folded(entry.meaning))

      \(Self.folded("What to do: " + entry.remedy))
      """
    }
    try expectBlock("verdicts", entries.joined(separator: "\n\n"))
  }

  @Test func settings() throws {
    let rows = Setting.all.map { setting in
      let options = setting.options.split(separator: " ").map { "`\($0)`" }.joined(separator: " ")
      return ["`\(setting.key)`", "\(setting.comment)", setting.expected, "`\(setting.defaultValue)`", options]
    }
    try expectBlock("settings", Self.table(["key", "what it does", "what it may be", "default", "options"], rows))
  }

  @Test func agentSettings() throws {
    let code = try Self.file("Sources/Python/ctxtop/_settings.py").matches(of: /"(CTXTOP_\w+)"/).map { $0.1 }
    let page = try Self.file("README.md")
    // The program's own have a table, too.
    let parts = [
      page.prefix(upTo: try Self.mark("variables", in: page)),
      page.suffix(from: try Self.mark("end of variables", in: page)),
    ]
    let named = parts.flatMap { $0.matches(of: /\n\| `(CTXTOP_\w+)`/).map { $0.1 } }
    #expect(!code.isEmpty && Set(named) == Set(code))
  }

  private static func columns<Row>(of table: CtxtopModel.Table<Row>) -> String {
    let rows = table.columns.map { column in
      [column.presence == .file ? "" : "`\(column.title)`", "`\(column.id)`", column.description]
    }
    return "\(table.title):\n\n" + Self.table(["heading", "CSV", "what it says"], rows)
  }

  private static func place(_ binding: KeyBinding) -> String {
    let modes = binding.modes
    let place = modes.count == Mode.allCases.count ? "everywhere" : modes.map { "\($0)" }.joined(separator: ", ")
    switch binding.subject {
    case .live: return place + "; not in a recording"
    case .recording: return place + "; only in a recording"
    case .unanswered: return place + "; only while ssh wants an answer"
    case nil: break
    }
    let left = binding.inRecording?.keys ?? []
    guard left != binding.keys else { return place }
    return place + "; in a recording " + (left.isEmpty ? "not" : left.map { "`\($0.name)`" }.joined(separator: " "))
  }

  private static func table(_ heading: [String], _ rows: [[String]]) -> String {
    let rule = heading.map { _ in "---" }
    return ([heading, rule] + rows).map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
  }

  private static func folded(_ text: String, to width: Int = 120) -> String {
    var lines: [String] = []
    for word in text.split(separator: " ") {
      if let last = lines.last, last.count + word.count < width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func mark(_ name: String, in page: String) throws -> String.Index {
    try #require(page.range(of: "<!-- \(name) -->\n")?.lowerBound, "README.md has no line <!-- \(name) -->")
  }

  private static func url(_ path: String) -> URL {
    URL(filePath: #filePath).appending(path: "../../../\(path)").standardized
  }

  private static func file(_ path: String) throws -> String {
    try String(contentsOf: url(path), encoding: .utf8)
  }

  private func expectBlock(
    _ name: String, _ text: String, location: SourceLocation = #_sourceLocation
  ) throws {
    let page = try Self.file("README.md")
    let (begin, end) = ("<!-- \(name) -->\n", "<!-- end of \(name) -->")
    let start = try #require(page.range(of: begin)?.upperBound, "README.md has no line \(begin)")
    let stop = try #require(page.range(of: end)?.lowerBound, "README.md has no line \(end)")
    let expected = text + "\n"
    guard start <= stop, page[start..<stop] != expected[...] else { return }
    if ProcessInfo.processInfo.environment["CTXTOP_RECORD"] != nil {
      let recorded = page[..<start] + expected + page[stop...]
      try recorded.write(to: Self.url("README.md"), atomically: true, encoding: .utf8)
    }
    Issue.record(
      "README.md, block \(name), is not what the code says. CTXTOP_RECORD=1 writes it; it should be:\n\(expected)",
      sourceLocation: location)
  }
}
