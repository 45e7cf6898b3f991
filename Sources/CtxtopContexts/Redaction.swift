// What must never leave the process is cut out of messages: prose is kept, values are masked. Stricter than needed
// rather than clever: a monitor needs to know what kind of thing went wrong, never with whose data.

enum Redaction {
  private static let longest = 200
  private static let mask = "***"

  /// An error's description: its first line before any SQL, values masked, at most 200 bytes.
  static func message(_ error: any Error) -> String {
    // Looked at before anything is cut, so that a huge message costs little.
    let text = "\(error)".prefix(4096)
    var line = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: true).first ?? ""
    for sign in ["[SQL", "(SQL", "[parameters", "(parameters"] {
      if let range = position(of: sign, in: line) { line = line[..<range] }
    }
    return bounded(masked(line))
  }

  /// Words that are quoted, or hold digits, signs or an address, are masked.
  static func masked(_ line: Substring) -> String {
    var quote: Character?
    var words: [String] = []
    for word in line.split(separator: " ") {
      let isInside = quote != nil
      for character in word where "'\"`".contains(character) {
        if quote == character {
          quote = nil
        } else if quote == nil, word.first == character || word.dropLast().last != character {
          quote = character
        }
      }
      let isApostrophe = !isInside && word.first != "'" && word.filter({ $0 == "'" }).count == 1
      if isApostrophe { quote = nil }
      words.append(isInside || quote != nil || isValue(word, isApostrophe) ? mask : String(word))
    }
    return words.joined(separator: " ")
  }

  private static func isValue(_ word: Substring, _ isApostrophe: Bool) -> Bool {
    if word.utf8.count > 40 { return true }
    let letters = word.utf8.filter { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7a }.count
    let digits = word.utf8.filter { $0 >= 0x30 && $0 <= 0x39 }.count
    if digits > 3 || digits > 0 && letters > 0 { return true }
    return word.utf8.contains { byte in
      switch byte {
      case UInt8(ascii: "@"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "\""), UInt8(ascii: "`"): true
      case UInt8(ascii: "'"): !isApostrophe
      default: false
      }
    }
  }

  private static func position(of sign: String, in text: Substring) -> Substring.Index? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].lowercased().hasPrefix(sign.lowercased()) { return index }
      index = text.index(after: index)
    }
    return nil
  }

  private static func bounded(_ text: String) -> String {
    var text = text
    while text.utf8.count > longest { text.removeLast() }
    return text
  }
}
