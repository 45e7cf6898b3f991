import CtxtopScreen
import Testing

@Suite struct MouseTests {
  private let here = Position(x: 3, y: 4)

  @Test func twoPressesAtOnePlaceAreADoubleClick() {
    var clicks = Clicks()
    #expect(clicks.press(at: here, time: 1_000) == .press)
    #expect(clicks.press(at: here, time: 1_000 + Clicks.limit) == .doubleClick)
    #expect(clicks.press(at: here, time: 1_001 + Clicks.limit) == .press)
  }

  @Test func slowOrElsewhereTheyAreTwo() {
    var clicks = Clicks()
    #expect(clicks.press(at: here, time: 0) == .press)
    #expect(clicks.press(at: here, time: Clicks.limit + 1) == .press)
    #expect(clicks.press(at: Position(x: 4, y: 4), time: Clicks.limit + 2) == .press)
  }

  @Test func aClickFindsItsGroup() {
    let groups = ["one", "two", "three"].enumerated().map { Strip.Group([Span($1)], weight: 90 - $0) }
    let strip = Strip(groups, trailing: Strip.Group([Span("end")], weight: 100), gap: 2)
    let row = Rect(x: 1, y: 5, width: 24, height: 1)
    #expect(strip.places(in: row).map(\.group) == [0, 1, 2, nil])
    // Where a group is said to be, its text is.
    for width in 0...24 {
      var buffer = Buffer(Size(width: 30, height: 6))
      let row = Rect(x: 1, y: 5, width: width, height: 1)
      strip.render(in: row, into: &buffer)
      let line = Array(buffer.lines[5]) + Array(repeating: " ", count: 30)
      for place in strip.places(in: row) {
        let text = String(line[place.area.x..<place.area.maxX])
        let wanted = place.group.map { ["one", "two", "three"][$0] } ?? "end"
        #expect(wanted.hasPrefix(text) && !text.isEmpty)
        #expect(row.intersection(place.area) == place.area)
      }
    }
  }
}
