// Whole screens as text files, in `__Screens__` beside the test. A screen that is missing, or any when
// CTXTOP_RECORD is set, is recorded - and that run fails, so that a recording never passes unseen.

import CtxtopScreen
import Glibc
import Testing

/// Compares a screen with the recorded one of that name, row by row.
package func expectScreen(
  _ buffer: Buffer, named name: String, file: String = #filePath, location: SourceLocation = #_sourceLocation
) {
  expectText(buffer.lines.joined(separator: "\n") + "\n", named: name, file: file, location: location)
}

/// Compares how a screen's cells look: one letter a role, from `styleMap`.
package func expectStyles(
  _ buffer: Buffer, theme: Theme, named name: String, file: String = #filePath,
  location: SourceLocation = #_sourceLocation
) {
  expectText(styleMap(of: buffer, theme: theme), named: name, file: file, location: location)
}

/// A letter for each cell that does not look like ordinary text, and a legend of the letters.
package func styleMap(of buffer: Buffer, theme: Theme) -> String {
  var letters: [Style: Character] = [theme[.text]: " "]
  var legend: [String] = []
  for (role, letter) in zip(Role.allCases, "abcdefghijklmnopqrstuvwxyz") where letters[theme[role]] == nil {
    letters[theme[role]] = letter
    legend.append("\(letter) = \(role)")
  }
  let rows = (0..<buffer.size.height).map { y in
    var row = String((0..<buffer.size.width).map { letters[buffer[$0, y].style] ?? "?" })
    while row.last == " " { row.removeLast() }
    return row
  }
  return (rows + [""] + legend).joined(separator: "\n") + "\n"
}

/// Compares any text with the recorded one of that name.
package func expectText(
  _ text: String, named name: String, file: String = #filePath, location: SourceLocation = #_sourceLocation
) {
  let folder = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  let path = "\(folder)/__Screens__/\(name).txt"
  let isRecording = getenv("CTXTOP_RECORD") != nil
  guard !isRecording, let recorded = readFile(path) else {
    let isWritten = writeFile(path, text)
    let outcome = isWritten ? "recorded" : "could not record"
    Issue.record("\(outcome) \(name): look at it, then run again", sourceLocation: location)
    return
  }
  if text != recorded {
    Issue.record(
      "screen \(name) differs\n--- recorded\n\(recorded)\n--- now\n\(text)\(firstDifference(recorded, text))",
      sourceLocation: location)
  }
}

func firstDifference(_ recorded: String, _ text: String) -> String {
  let before = recorded.split(separator: "\n", omittingEmptySubsequences: false)
  let after = text.split(separator: "\n", omittingEmptySubsequences: false)
  let rows = 0..<max(before.count, after.count)
  guard let row = rows.first(where: { before.at($0) != after.at($0) }) else { return "" }
  return "--- first difference in row \(row)\n\(before.at(row) ?? "(none)")\n\(after.at(row) ?? "(none)")"
}

extension Array {
  fileprivate func at(_ index: Int) -> Element? { index < count ? self[index] : nil }
}

func readFile(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += chunk.prefix(count)
  }
}

func writeFile(_ path: String, _ text: String) -> Bool {
  guard let file = fopen(path, "w") else { return false }
  defer { fclose(file) }
  return fputs(text, file) >= 0
}

extension Buffer: CustomTestStringConvertible {
  /// The screen's text: what a failed expectation shows.
  public var testDescription: String { "\n" + lines.joined(separator: "\n") }
}

extension Theme: CustomTestStringConvertible {
  /// Its name is the test's business.
  public var testDescription: String { "theme" }
}
