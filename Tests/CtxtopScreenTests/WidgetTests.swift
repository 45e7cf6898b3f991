import CtxtopScreen
import CtxtopTestKit
import Testing

@Suite struct WidgetTests {
  private let look = Look(theme: .monochrome, shapes: .unicode)

  private func lines(_ widget: some Widget, width: Int, height: Int = 1) -> [String] {
    var buffer = Buffer(Size(width: width, height: height))
    widget.render(in: buffer.bounds, into: &buffer)
    return buffer.lines
  }

  @Test func lineEndsInAnEllipsis() {
    let line = Line([Span("hello "), Span("world")], ellipsis: "…")
    #expect(lines(line, width: 11) == ["hello world"])
    #expect(lines(line, width: 8) == ["hello w…"])
    #expect(lines(line, width: 0, height: 0).isEmpty)
  }

  @Test func sparklineScalesToItsGreatest() {
    let chart = Sparkline([0, 1, nil, 4, 8], shapes: .unicode, style: .standard)
    #expect(lines(chart, width: 5) == ["▁▁ ▄█"])
    #expect(lines(chart, width: 3) == [" ▄█"])
    #expect(lines(chart, width: 8) == ["   ▁▁ ▄█"])
    #expect(lines(Sparkline([.nan, .infinity, -1], shapes: .ascii, style: .standard), width: 3) == ["  _"])
  }

  @Test func meterFillsByEighths() {
    func meter(_ fraction: Double) -> [String] {
      lines(Meter(fraction, shapes: .unicode, style: .standard, frame: .standard), width: 6)
    }
    #expect(meter(0) == ["[    ]"])
    #expect(meter(0.5) == ["[██  ]"])
    #expect(meter(0.53) == ["[██▏ ]"])
    #expect(meter(7) == ["[████]"])
    #expect(meter(.nan) == ["[    ]"])
  }

  @Test func panelHasABorderUnlessItWouldLeaveNothing() {
    let panel = Panel("T", note: "n", look: look)
    #expect(lines(panel, width: 10, height: 3) == ["┌─ T ────┐", "│        │", "└──── n ─┘"])
    #expect(lines(Panel("T", look: look), width: 3, height: 2) == ["", ""])
    #expect(Panel.content(of: Rect(x: 0, y: 0, width: 10, height: 3)) == Rect(x: 2, y: 1, width: 6, height: 1))
  }

  @Test func textIsFoldedAndScrolled() {
    let block = TextBlock([Line([Span("one two three")]), Line(), Line([Span("four")])], offset: 1)
    #expect(lines(block, width: 9, height: 3) == ["    three", "", "four"])
    #expect(block.greatestOffset(in: Size(width: 9, height: 3)) == 1)
    #expect(lines(TextBlock(block.lines, offset: 99), width: 20, height: 2) == ["", "four"])
    #expect(TextBlock([Line([Span("日本日本")])]).folded(to: 1).count == 4)
    #expect(lines(TextBlock([Line([Span("abcdefghijklm")])]), width: 10, height: 2) == ["abcdefghij", "    klm"])
  }

  @Test func columnsVanishByWeight() {
    let columns = [
      TableColumn("A", width: 4, weight: 90), TableColumn("B", width: 6, weight: 10),
      TableColumn("C", width: 3, weight: 50, share: 1),
    ]
    func shown(_ width: Int) -> [String] {
      TableLayout(columns, width: width).places.map { "\(columns[$0.column].title)\($0.x)+\($0.width)" }
    }
    #expect(shown(20) == ["A0+4", "B5+6", "C12+8"])
    #expect(shown(14) == ["A0+4", "C5+9"])
    #expect(shown(6) == ["A0+4"])
    #expect(shown(2) == ["A0+2"])
    #expect(shown(0).isEmpty)
  }

  @Test(arguments: [(24, 5), (12, 3), (3, 2)])
  func table(width: Int, height: Int) {
    let columns = [
      TableColumn("NAME", width: 6, weight: 90, sorting: .ascending),
      TableColumn("N", width: 4, alignment: .right, weight: 50, sorting: .descending),
      TableColumn("NOTE", width: 4, weight: 10, share: 1),
    ]
    let rows = [["alpha", "1", "日本語の長い文"], ["a longer name", "22", ""], ["c", "333333", "x"]]
    let table = Table(
      columns: columns,
      rows: rows.map { TableRow($0.map { Span($0) }, mark: Span($0[0] == "c" ? "!" : " ")) }, selected: 1, look: look)
    var buffer = Buffer(Size(width: width, height: height))
    table.render(in: buffer.bounds, into: &buffer)
    #expect(buffer.isConsistent)
    expectScreen(buffer, named: "table-\(width)x\(height)")
  }

  @Test func testTerminalSeesOnlyChanges() {
    let terminal = TestTerminal(Size(width: 10, height: 2))
    var buffer = Buffer(terminal.size)
    terminal.draw(buffer)
    buffer.put("ab", at: Position(x: 3, y: 1), .standard, in: buffer.bounds)
    terminal.draw(buffer)
    terminal.draw(buffer)
    #expect(terminal.changedCells == [20, 2, 0])
  }
}
