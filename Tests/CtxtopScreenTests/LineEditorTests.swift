import CtxtopScreen
import CtxtopTestKit
import Testing

@Suite struct LineEditorTests {
  private let look = Look(theme: .monochrome, shapes: .unicode)

  private func editor(_ text: String = "", _ keys: Key...) -> LineEditor {
    var editor = LineEditor("find: ", text: text)
    for key in keys { _ = editor.handle(key) }
    return editor
  }

  /// The row, the cursor's cells in angle brackets.
  private func drawn(_ editor: LineEditor, width: Int) -> String {
    var buffer = Buffer(Size(width: width, height: 1))
    editor.render(in: buffer.bounds, look: look, into: &buffer)
    #expect(buffer.isConsistent)
    var row = ""
    var isInside = false
    for x in 0..<width {
      let isReversed = buffer[x, 0].style.attributes.contains(.reverse)
      if isReversed != isInside { row += isReversed ? "<" : ">" }
      isInside = isReversed
      if buffer[x, 0].width > 0 { buffer[x, 0].scalars.forEach { row.unicodeScalars.append($0) } }
    }
    return row + (isInside ? ">" : "")
  }

  @Test(
    arguments: [
      ([], "one two", 7), ([.character("x")], "one twox", 8), ([.backspace], "one tw", 6),
      ([.left, .delete], "one tw", 6),
      ([.home, .delete], "ne two", 0), ([.control("a"), .character("x")], "xone two", 1),
      ([.home, .left, .backspace], "one two", 0),
      ([.home, .right, .control("k")], "o", 1), ([.left, .control("u")], "o", 0), ([.control("w")], "one ", 4),
      ([.control("w"), .control("w"), .control("w")], "", 0),
      ([.control("a"), .control("e"), .character("!")], "one two!", 8),
      ([.end, .right, .delete], "one two", 7), ([.tab, .pageUp, .function(3), .resize, .insert], "one two", 7),
      ([.control("x"), .control("[")], "one two", 7), ([.character(" "), .control("w")], "one ", 4),
    ] as [([Key], String, Int)])
  func keysEdit(keys: [Key], text: String, cursor: Int) {
    var editor = LineEditor("", text: "one two")
    for key in keys {
      let outcome = editor.handle(key)
      #expect(outcome == .editing)
    }
    #expect(editor.text == text)
    #expect(editor.cursor == cursor)
  }

  @Test func enterAcceptsAndEscapeCancels() {
    var editor = editor("a")
    #expect(editor.handle(.escape) == .cancelled)
    #expect(editor.history.isEmpty)
    #expect(editor.handle(.enter) == .accepted)
    #expect(editor.history == ["a"])
    #expect(editor.handle(.enter) == .accepted)
    #expect(editor.history == ["a"], "the same twice")
  }

  @Test func historyIsWalkedAndTheDraftComesBack() {
    var editor = LineEditor("", text: "draft", history: ["one", "two"])
    func press(_ key: Key) -> String {
      _ = editor.handle(key)
      return editor.text
    }
    #expect(press(.down) == "draft")
    #expect([press(.up), press(.up), press(.up)] == ["two", "one", "one"])
    #expect([press(.down), press(.down), press(.down)] == ["two", "draft", "draft"])
    #expect(press(.up) == "two")
    #expect(press(.character("!")) == "two!")
    #expect(press(.enter) == "two!")
    #expect(editor.history == ["one", "two", "two!"])
    let long = LineEditor("", history: (0..<80).map { "\($0)" })
    #expect(long.history.count == 50)
    #expect(long.history.last == "79")
  }

  @Test func lengthIsBoundedAndControlCharactersAreDropped() {
    #expect(editor(String(repeating: "日", count: 300)).text.unicodeScalars.count == 256)
    #expect(editor(String(repeating: "a", count: 256), .character("b"), .home, .character("c")).text.count == 256)
    #expect(editor("a\u{1B}[31m\n\u{7F}\u{9B}\u{202E}\u{200B}b").text == "a[31mb")
    #expect(editor("", .character("\r\n"), .character("\u{0}")).text == "")
  }

  @Test func aCharacterAndItsMarksAreOne() {
    #expect(editor("ae\u{301}x", .left, .left).cursor == 1)
    #expect(editor("ae\u{301}", .backspace).text == "a")
    #expect(editor("e\u{301}x", .home, .delete).text == "x")
    #expect(editor("e\u{301}x", .home, .right).cursor == 2)
    #expect(drawn(editor("ae\u{301}x", .left, .left), width: 20) == "find: a<e\u{301}>x           ")
  }

  @Test func theCursorIsAlwaysSeen() {
    #expect(drawn(editor("order"), width: 14) == "find: order< >  ")
    #expect(drawn(editor("order"), width: 13) == "order< >       ")
    #expect(drawn(editor("a longer one"), width: 16) == "find: onger one< >")
    #expect(drawn(editor("abcdef"), width: 4) == "def< >")
    #expect(drawn(editor("abcdef", .home), width: 4) == "<a>bcd")
    #expect(drawn(editor("日本語", .left), width: 4) == "本<語>")
    #expect(drawn(editor("日本語"), width: 4) == "語< > ")
    #expect(drawn(editor("日"), width: 1) == "< >")
    #expect(drawn(editor("日", .home), width: 1) == "< >")
    #expect(drawn(editor("x"), width: 0) == "")
  }

  @Test func everyWidthAndCursorShowsOneCursor() {
    for width in 0...24 {
      var editor = editor("a日e\u{301}本 語xx\u{1F600}yz", .home)
      for _ in 0...12 {
        let row = drawn(editor, width: width)
        #expect(row.count { $0 == "<" } == min(1, width), "\(row) in \(width)")
        _ = editor.handle(.right)
      }
    }
    var buffer = Buffer(Size(width: 5, height: 0))
    editor("x").render(in: buffer.bounds, look: look, into: &buffer)
    #expect(buffer.lines.isEmpty)
  }
}
