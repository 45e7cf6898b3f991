import CtxtopScreen
import Testing

@Suite struct ClipboardTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("é…", "w6nigKY=")])
  func aTextIsWrittenInBase64(plain: String, coded: String) {
    let sequence = Clipboard.sequence(Clipboard.prefix(of: plain), throughScreen: false)
    #expect(text(sequence) == "\u{1B}]52;c;\(coded)\u{7}")
  }

  @Test func tooMuchIsCutBetweenCharacters() {
    for text in [
      String(repeating: "日", count: 30_000), String(repeating: "a", count: 60_000),
      "x" + String(repeating: "é", count: 30_000),
    ] {
      let kept = Clipboard.prefix(of: text)
      #expect(String(validating: kept, as: UTF8.self) != nil)
      #expect(text.utf8.starts(with: kept))
      #expect((56_240...56_244).contains(kept.count))
      let sequence = Clipboard.sequence(kept, throughScreen: false)
      #expect(sequence.count <= Clipboard.limit + 8)
    }
    #expect(Clipboard.prefix(of: "short").count == 5)
  }

  @Test func screenGetsItInPieces() {
    let plain = Clipboard.sequence(Array(repeating: 65, count: 1_000), throughScreen: false)
    let wrapped = text(Clipboard.sequence(Array(repeating: 65, count: 1_000), throughScreen: true))
    let pieces = wrapped.split(separator: "\u{1B}\\", omittingEmptySubsequences: true)
    #expect(pieces.count > 4)
    #expect(pieces.allSatisfy { $0.hasPrefix("\u{1B}P") && $0.utf8.count < 256 })
    #expect(pieces.map { $0.dropFirst(2) }.joined() == text(plain))
  }

  @Test(arguments: [
    ("xterm-256color", true), ("xterm", true), ("tmux-256color", true), ("screen.xterm-256color", true), ("st", true),
    ("linux", false), ("vt100", false), ("sun", false), ("", false), ("stv52", false),
  ])
  func someTerminalsWouldShowIt(name: String, isUnderstood: Bool) {
    #expect(Clipboard.isUnderstood(by: name) == isUnderstood)
  }
}
