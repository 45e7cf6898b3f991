import CtxtopScreen
import Testing

@Suite struct BufferTests {
  @Test func textIsCutAtTheEdgesOfItsArea() {
    var buffer = Buffer(Size(width: 8, height: 2))
    let used = buffer.put("abcdef", at: Position(x: -1, y: 0), .standard, in: Rect(x: 1, y: 0, width: 3, height: 1))
    #expect(buffer.lines == [" cde", ""])
    #expect(used == 5)
    #expect(buffer.put("x", at: Position(x: 0, y: 5), .standard, in: buffer.bounds) == 0)
  }

  @Test func wideCharactersTakeTwoCells() {
    var buffer = Buffer(Size(width: 6, height: 1))
    buffer.put("a日本b", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
    #expect(buffer.lines == ["a日本b"])
    #expect((0..<6).map { buffer[$0, 0].width } == [1, 2, 0, 2, 0, 1])
  }

  @Test func wideCharacterAtTheEdgeBecomesASpace() {
    var buffer = Buffer(Size(width: 4, height: 1))
    buffer.put("abc日", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
    #expect(buffer.lines == ["abc"])
    #expect(buffer.isConsistent)
  }

  @Test func writingOverHalfAWideCharacterBlanksTheOther() {
    for x in 0..<4 {
      var buffer = Buffer(Size(width: 4, height: 1))
      buffer.put("日本", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
      buffer.put("x", at: Position(x: x, y: 0), .standard, in: buffer.bounds)
      #expect(buffer.isConsistent, "x at \(x)")
    }
  }

  @Test func combiningMarksLieUponTheirCharacter() {
    var buffer = Buffer(Size(width: 5, height: 1))
    buffer.put("e\u{301}n\u{303}\u{303}\u{303}\u{303}x", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
    #expect(buffer[0, 0].scalars == ["e", "\u{301}"])
    #expect(buffer[1, 0].scalars.count == 4)
    #expect(buffer[2, 0].base == "x")
  }

  @Test func controlCharactersNeverReachTheTerminal() {
    var buffer = Buffer(Size(width: 20, height: 1))
    buffer.put("a\u{1B}[2J\u{9B}\u{7F}\u{202E}b\u{200D}\n", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
    #expect(buffer.lines == ["a?[2J??b?"])
  }

  @Test func marksWithoutACharacterVanish() {
    var buffer = Buffer(Size(width: 3, height: 1))
    buffer.put("\u{301}a", at: Position(x: 0, y: 0), .standard, in: buffer.bounds)
    #expect(buffer.lines == ["a"])
  }

  @Test func changesAreTheDifferentRuns() {
    var before = Buffer(Size(width: 10, height: 2))
    before.put("hello", at: Position(x: 0, y: 0), .standard, in: before.bounds)
    var after = before
    #expect(after.changes(since: before).isEmpty)
    after.put("y", at: Position(x: 4, y: 0), .standard, in: after.bounds)
    after.put("日", at: Position(x: 7, y: 1), .standard, in: after.bounds)
    #expect(after.changes(since: before) == [Run(y: 0, columns: 4..<5), Run(y: 1, columns: 7..<9)])
    #expect(before.changes(since: after) == [Run(y: 0, columns: 4..<5), Run(y: 1, columns: 7..<9)])
    #expect(after.changes(since: nil).count == 2)
    #expect(after.changes(since: Buffer(Size(width: 3, height: 3))).count == 2)
  }

  @Test func changesNeverBeginOrEndWithinAWideCharacter() {
    var before = Buffer(Size(width: 6, height: 1))
    before.put("日本", at: Position(x: 0, y: 0), .standard, in: before.bounds)
    var after = Buffer(Size(width: 6, height: 1))
    after.put("日x本", at: Position(x: 0, y: 0), .standard, in: after.bounds)
    for run in after.changes(since: before) {
      #expect(after[run.columns.lowerBound, 0].width > 0)
      #expect(after[run.columns.upperBound, 0].width > 0)
    }
  }

  @Test("A style is its colours and attributes, and no two of them are the same")
  func styles() {
    let colors: [Color] = [
      .standard, .indexed(0), .indexed(1), .indexed(255), .direct(0, 0, 0), .direct(0, 0, 1), .direct(255, 128, 7),
    ]
    var known: Set<Style> = []
    for foreground in colors {
      for background in colors {
        for attributes: Attributes in [[], .bold, [.dim, .underline], [.bold, .dim, .reverse, .underline]] {
          let style = Style(foreground, on: background, attributes)
          #expect(style.foreground == foreground)
          #expect(style.background == background)
          #expect(style.attributes == attributes)
          #expect(known.insert(style).inserted)
        }
      }
    }
  }
}

@Suite struct DisplayWidthTests {
  @Test(arguments: [
    ("a", 1), ("é", 1), ("e\u{301}", 1), ("日", 2), ("ｱ", 1), ("Ａ", 2), ("한", 2), ("👍", 2), ("█", 1), ("─", 1),
    ("\u{200B}", 0), ("\u{AD}", 0), ("あ", 2), ("☃", 1), ("", 0),
  ])
  func widths(text: String, width: Int) {
    #expect(DisplayWidth.of(text) == width)
  }
}

extension Buffer {
  /// Whether every wide character has its second cell, and every second cell its character.
  var isConsistent: Bool {
    (0..<size.height).allSatisfy { y in
      (0..<size.width).allSatisfy { x in
        switch self[x, y].width {
        case 0: x > 0 && self[x - 1, y].width == 2
        case 2: x + 1 < size.width && self[x + 1, y].width == 0
        default: true
        }
      }
    }
  }
}
