// Manual pages in the language of man(7).

/// A manual page that is being written.
package struct Roff {
  /// What was written so far.
  package private(set) var text: String

  /// A page of section 1. `date` is that of the release: the same program prints the same page.
  package init(_ name: String, date: String, version: String) {
    text = ".TH \(name.uppercased()) 1 \(date) \"\(name) \(version)\" \"User Commands\"\n"
  }

  /// A chapter.
  package mutating func chapter(_ title: String) { text += ".SH \(Self.argument(title.uppercased()))\n" }

  /// A section of a chapter.
  package mutating func section(_ title: String) { text += ".SS \(Self.argument(title))\n" }

  /// The first paragraph of a chapter or section, or a further one.
  package mutating func paragraph(_ words: String, isFirst: Bool = false) {
    text += (isFirst ? "" : ".PP\n") + Self.folded(words)
  }

  /// A name and what it means.
  package mutating func entry(_ name: String, _ meaning: String) {
    text += ".TP\n.B \(Self.argument(name))\n" + Self.folded(meaning)
  }

  /// Lines as they stand.
  package mutating func verbatim(_ lines: [String]) {
    text += ".PP\n.EX\n" + lines.map { Self.escaped($0) + "\n" }.joined() + ".EE\n"
  }

  /// A chapter of the reference.
  package mutating func chapter(_ chapter: ReferenceChapter) {
    self.chapter(chapter.title)
    for (index, words) in chapter.paragraphs.enumerated() { paragraph(words, isFirst: index == 0) }
    for section in chapter.sections {
      if let title = section.title { self.section(title) }
      for (name, meaning) in section.entries { entry(name, meaning) }
    }
  }

  private static func folded(_ words: String) -> String {
    Folding.lines(words, width: 78).map { escaped($0) + "\n" }.joined()
  }

  /// An argument of a request: what stands in quotes is one.
  private static func argument(_ words: String) -> String {
    "\"" + escaped(words).split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\(dq") + "\""
  }

  /// A line of text that roff takes for nothing else. What is no ASCII is named by its number.
  private static func escaped(_ line: String) -> String {
    var result = line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" : ""
    for scalar in line.unicodeScalars {
      switch scalar {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
      default:
        let digits = String(scalar.value, radix: 16, uppercase: true)
        result += "\\[u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "]"
      }
    }
    return result
  }
}
