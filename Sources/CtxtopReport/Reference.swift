// Reference text as values, made from the tables of keys, columns, states and so on: printed as plain text by
// `ctxtop help TOPIC`, and as a part of the manual page.

/// A chapter of the reference.
package struct ReferenceChapter: Sendable {
  /// What it is about.
  package let title: String
  /// Stands in front of its sections.
  package let paragraphs: [String]
  /// Its sections.
  package let sections: [ReferenceSection]

  /// A chapter.
  package init(_ title: String, _ paragraphs: [String] = [], sections: [ReferenceSection]) {
    self.title = title
    self.paragraphs = paragraphs
    self.sections = sections
  }
}

/// Names, and what each of them means.
package struct ReferenceSection: Sendable {
  /// What it is about; nil: what its chapter is about.
  package let title: String?
  /// Names, and what each of them means.
  package let entries: [(name: String, text: String)]

  /// A section.
  package init(_ title: String? = nil, _ entries: [(name: String, text: String)]) {
    self.title = title
    self.entries = entries
  }
}

/// Chapters as plain text of at most 80 columns.
package enum ReferenceText {
  private static let width = 80
  private static let widestName = 28

  /// A chapter.
  package static func text(_ chapter: ReferenceChapter) -> String {
    let introduction = chapter.paragraphs.map { Folding.lines($0, width: width).joined(separator: "\n") }
    return (introduction + chapter.sections.map(text)).joined(separator: "\n\n") + "\n"
  }

  private static func text(_ section: ReferenceSection) -> String {
    let widest = section.entries.map(\.name.count).filter { $0 <= widestName }.max() ?? 0
    let margin = section.title == nil ? 0 : 2
    let indent = margin + widest + 2
    let entries = section.entries.flatMap { name, text -> [String] in
      let lines = Folding.lines(text, width: width - indent).map { spaces(indent) + $0 }
      let label = spaces(margin) + name
      // A name that is too long for its column has a line of its own.
      guard label.count <= indent - 2, let first = lines.first else { return [label] + lines }
      return [label + first.dropFirst(label.count)] + lines.dropFirst()
    }
    return ((section.title.map { [$0] } ?? []) + entries).joined(separator: "\n")
  }

  private static func spaces(_ count: Int) -> String { String(repeating: " ", count: count) }
}

/// Text in lines.
enum Folding {
  /// The words of a text in lines of at most so many characters; a longer word is a line of its own.
  static func lines(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for word in text.split(whereSeparator: \.isWhitespace) {
      if let last = lines.last, last.count + word.count < width {
        lines[lines.count - 1] += " \(word)"
      } else {
        lines.append(String(word))
      }
    }
    return lines
  }
}
