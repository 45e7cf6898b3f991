// Where the keys of a TOML file stand. The library tells places of syntax errors only, so that the lines of a file
// that it has understood are looked through for what is wrong in them.

/// The lines of a file by the keys that stand in them.
struct KeyPlaces {
  private var places: [String: (line: Int, column: Int)] = [:]

  init(_ text: String) {
    var table = ""
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let content = line.drop { $0 == " " || $0 == "\t" }
      let column = line.count - content.count + 1
      if content.hasPrefix("["), let end = content.firstIndex(of: "]") {
        table = Self.bare(content[..<end].dropFirst())
        note(table, number + 1, column)
        table += "."
      } else if !content.hasPrefix("#"), let end = content.firstIndex(of: "=") {
        let key = Self.bare(content[..<end])
        note(table + key, number + 1, column)
        // A table may be written into a line: table.key = ... and table = { key = ... }.
        note(table + key.prefix { $0 != "." }, number + 1, column)
      }
    }
  }

  /// Where a key stands, or its table if that is all that can be told; nil: not found.
  subscript(key: String) -> (line: Int, column: Int)? {
    places[key] ?? places[String(key.prefix { $0 != "." })]
  }

  private mutating func note(_ key: String, _ line: Int, _ column: Int) {
    if places[key] == nil { places[key] = (line, column) }
  }

  /// A key without the quotes and spaces that it may be written with.
  private static func bare(_ text: Substring) -> String {
    String(text.filter { !" \t\"'[".contains($0) })
  }
}
