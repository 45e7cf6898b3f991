import CtxtopScreen
import CtxtopTestKit
import Testing

@Suite struct MenuTests {
  private let look = Look(theme: .monochrome, shapes: .unicode)

  private let columns = Menu(
    "Columns",
    [
      Menu.Entry("PID", isChecked: true), Menu.Entry("APP", note: "worker", isChecked: true),
      Menu.Entry("日本語の長い名前", isChecked: false), Menu.Entry("always there"),
      Menu.Entry("OPEN FOR", note: "s", isChecked: false), Menu.Entry("ROUTE", isChecked: true),
      Menu.Entry("PEAK", isChecked: false),
    ], selected: 1, note: "Space Enter Esc")

  @Test(arguments: [(30, 9), (24, 5), (14, 4), (6, 3), (5, 3), (4, 2), (1, 1)])
  func menu(width: Int, height: Int) {
    var buffer = Buffer(Size(width: width, height: height))
    columns.render(in: buffer.bounds, look: look, into: &buffer)
    #expect(buffer.isConsistent)
    expectScreen(buffer, named: "menu-\(width)x\(height)")
  }

  @Test func selectionIsSeenInEverySize() {
    for selected in columns.entries.indices {
      var menu = columns
      menu.select(selected)
      for width in 0...12 {
        for height in 0...10 {
          var buffer = Buffer(Size(width: width, height: height))
          menu.render(in: buffer.bounds, look: look, into: &buffer)
          #expect(buffer.isConsistent)
          let bars = (0..<height).count { y in
            (0..<width).contains { buffer[$0, y].style.attributes.contains(.reverse) }
          }
          #expect(bars == (width > 0 ? min(1, height) : 0), "\(selected) in \(width)x\(height)")
        }
      }
    }
  }

  @Test func sizeShowsEverything() {
    #expect(columns.size == Size(width: 26, height: 9))
    #expect(columns.visible(in: Rect(columns.size)) == 0..<7)
    #expect(columns.visible(in: Rect(x: 0, y: 0, width: 20, height: 5)) == 0..<3)
    #expect(Menu("T", []).size == Size(width: 7, height: 2))
  }

  @Test func keysChoose() {
    var menu = columns
    #expect(menu.handle(.down) == .choosing)
    #expect(menu.handle(.character(" ")) == .toggled(2))
    #expect(menu.entries[2].isChecked == true)
    #expect(menu.handle(.character(" ")) == .toggled(2))
    #expect(menu.entries[2].isChecked == false)
    #expect(menu.handle(.enter) == .accepted(2))
    _ = menu.handle(.down)
    #expect(menu.handle(.character(" ")) == .choosing, "no check mark")
    #expect(menu.handle(.escape) == .cancelled)
    let places = [.end, .down, .home, .up, .pageDown, .pageUp, .tab].map { (key: Key) in
      _ = menu.handle(key)
      return menu.selected
    }
    #expect(places == [6, 6, 0, 0, 6, 0, 0])
  }

  @Test func lettersFindTheNextEntry() {
    var menu = columns
    let places = ["p", "P", "p", "r", "日", "z", "a"].map { (letter: Character) in
      _ = menu.handle(.character(letter))
      return menu.selected
    }
    #expect(places == [6, 0, 6, 5, 2, 2, 3])
  }

  @Test func anEmptyMenuDoesNothing() {
    var menu = Menu("T", [], selected: 5)
    for key in [.up, .down, .character(" "), .character("a"), .end] as [Key] {
      #expect(menu.handle(key) == .choosing)
    }
    #expect(menu.selected == 0)
    #expect(menu.handle(.enter) == .cancelled)
  }

  @Test func placesAreEntries() {
    let rect = Rect(x: 10, y: 5, width: 20, height: 5)
    #expect(columns.entry(at: Position(x: 12, y: 6), in: rect) == 0)
    #expect(columns.entry(at: Position(x: 27, y: 8), in: rect) == 2)
    #expect(columns.entry(at: Position(x: 12, y: 5), in: rect) == nil)
    #expect(columns.entry(at: Position(x: 12, y: 9), in: rect) == nil)
    #expect(columns.entry(at: Position(x: 11, y: 6), in: rect) == nil)
    var last = columns
    last.select(6)
    #expect(last.entry(at: Position(x: 12, y: 8), in: rect) == 6)
  }
}
