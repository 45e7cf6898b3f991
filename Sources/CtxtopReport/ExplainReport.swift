// The catalogue of verdicts as text for people: one entry as a page, or all of them as a list.

package import CtxtopModel

/// What `ctxtop explain` prints.
package enum ExplainReport {
  private static let width = 80

  /// One line for each code.
  package static func list() -> String {
    VerdictCatalogue.all.map { code, entry in
      "\(code.rawValue)  \(padded(entry.severity.rawValue, 9))\(entry.name)\n"
    }.joined()
  }

  /// One entry, in full.
  package static func text(of code: VerdictCode) -> String {
    let entry = code.entry
    let sections = [
      "\(code.rawValue) \(entry.name) (\(entry.severity.rawValue))",
      folded(entry.meaning),
      "How it arises\n\n" + folded(entry.cause, indent: 2),
      "What to do\n\n" + folded(entry.remedy, indent: 2),
      "Example\n\n"
        + entry.example.split(separator: "\n", omittingEmptySubsequences: false).map { line in
          line.isEmpty ? "" : "    \(line)"
        }.joined(separator: "\n"),
    ]
    return sections.joined(separator: "\n\n") + "\n"
  }

  private static func folded(_ text: String, indent: Int = 0) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + word.count < width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(margin + word)
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
