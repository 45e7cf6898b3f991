// Text for the clipboard of whoever sits before the terminal, by the escape sequence OSC 52: it also works
// through ssh, where a program has no other way to that clipboard. Nothing comes back: whether the terminal took
// it, nobody knows.

/// What became of a text for the clipboard.
package enum CopyOutcome: Equatable, Sendable {
  /// All of it was handed to the terminal.
  case sent
  /// It was too long: the terminal got its first bytes, so many of UTF-8.
  case cut(toBytes: Int)
  /// Nothing was sent: this terminal would not understand it.
  case refused(terminal: String)
}

/// The bytes of OSC 52.
package enum Clipboard {
  /// The most bytes of base64: what the strictest of the terminals in use takes.
  package static let limit = 74_994

  /// How much of a text's UTF-8 can be sent: whole characters, as many as fit.
  package static func prefix(of text: String) -> ArraySlice<UInt8> {
    let bytes = Array(text.utf8)
    var end = min(bytes.count, limit / 4 * 3)
    while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return bytes[..<end]
  }

  /// The sequence that puts bytes into the clipboard. GNU screen passes on to its terminal only what it is told
  /// to, in strings of a few hundred bytes.
  package static func sequence(_ bytes: some Sequence<UInt8>, throughScreen: Bool) -> [UInt8] {
    let plain = Array("\u{1B}]52;c;".utf8) + base64(Array(bytes)) + [7]
    guard throughScreen else { return plain }
    var wrapped: [UInt8] = []
    for start in stride(from: 0, to: plain.count, by: 240) {
      wrapped += Array("\u{1B}P".utf8) + plain[start..<min(start + 240, plain.count)] + Array("\u{1B}\\".utf8)
    }
    return wrapped
  }

  static func base64(_ bytes: [UInt8]) -> [UInt8] {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var result: [UInt8] = []
    result.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
      for place in 0..<4 {
        let digit = digits[Int(bits >> UInt32(18 - 6 * place)) & 63]
        result.append(place <= group.count ? digit : 0x3D)
      }
    }
    return result
  }

  /// Whether a terminal of that TERM takes OSC 52, or at least takes it for what it is. Others would show it.
  package static func isUnderstood(by terminal: String) -> Bool {
    let families = [
      "xterm", "tmux", "screen", "rxvt", "alacritty", "contour", "foot", "ghostty", "gnome", "iterm", "kitty",
      "konsole", "mintty", "mlterm", "putty", "st", "vte", "wezterm",
    ]
    return families.contains { terminal == $0 || terminal.hasPrefix("\($0)-") || terminal.hasPrefix("\($0).") }
  }
}
