// What another program said on its standard error: the last of it, for the one line that tells why something failed.

/// Text that comes from the other side, bounded and cleaned.
struct SaidText {
  /// A line is cut here.
  private static let lineLimit = 300
  /// So many lines are remembered.
  private static let limit = 8

  private(set) var lines: [String] = []
  private var unfinished: [UInt8] = []
  private var isCut = false

  /// Takes bytes in; lines that are complete now.
  @discardableResult
  mutating func take(_ bytes: some Sequence<UInt8>) -> [String] {
    var complete: [String] = []
    for byte in bytes {
      if byte == 10 {
        complete += finish()
      } else if unfinished.count < Self.lineLimit {
        unfinished.append(byte)
      } else {
        isCut = true
      }
    }
    return complete
  }

  /// Takes what has no newline as a line of its own.
  mutating func finish() -> [String] {
    defer { (unfinished, isCut) = ([], false) }
    let line = Self.cleaned(unfinished) + (isCut ? " ..." : "")
    guard !line.isEmpty else { return [] }
    lines.append(line)
    if lines.count > Self.limit { lines.removeFirst() }
    return [line]
  }

  /// The line that says most: the last one.
  var last: String? { lines.last }

  /// Words for a terminal: what is not printable becomes a question mark; spaces and a carriage return at the end go.
  static func cleaned(_ bytes: some Collection<UInt8>) -> String {
    var scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    while let last = scalars.last, " \t\r".unicodeScalars.contains(last) { scalars.removeLast() }
    let shown = scalars.map { $0 == "\t" ? " " : isPrintable($0) ? $0 : "?" as Unicode.Scalar }
    return String(String.UnicodeScalarView(shown.drop { $0 == " " }))
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
    default: true
    }
  }
}
