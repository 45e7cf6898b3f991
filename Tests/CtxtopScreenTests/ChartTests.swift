import CtxtopScreen
import Testing

@Suite struct ChartTests {
  private func lines(
    _ values: [Double?], width: Int, height: Int, maximum: Double? = nil, earlier: Int = 0, shapes: Shapes = .unicode
  ) -> [String] {
    let chart = Chart(
      values, earlier: earlier, maximum: maximum, shapes: shapes, style: .standard, frame: .standard,
      label: { "\(Int($0))" }, age: { "\($0)s ago" })
    var buffer = Buffer(Size(width: width, height: height))
    chart.render(in: buffer.bounds, into: &buffer)
    return buffer.lines
  }

  @Test func hasAScaleAndATimeAxis() {
    #expect(
      lines([0, 4, nil, 8, 6, 1], width: 24, height: 4) == [
        "8 ┤                  █▂",
        "  │                ▄ ██",
        "0 ┤               ▁█ ██▃",
        "  └ 20s ago ──────── now",
      ])
  }

  @Test func isDrawnInASCII() {
    #expect(
      lines([0, 4, nil, 8, 6, 1], width: 24, height: 4, shapes: .ascii) == [
        "8 +                  #.",
        "  |                = ##",
        "0 +               _# ##-",
        "  + 20s ago -------- now",
      ])
  }

  @Test(arguments: 0..<14, 0..<6)
  func survivesEverySize(width: Int, height: Int) {
    let shown = lines([1, nil, .nan, .infinity, -3, 2], width: width, height: height)
    #expect(shown.count == height)
    #expect(shown.allSatisfy { DisplayWidth.of($0) <= width })
  }

  @Test func nothingKnownIsAGapAndZeroIsNot() {
    #expect(lines([nil, 0, nil], width: 3, height: 1) == [" ▁"])
    #expect(lines([], width: 5, height: 2) == ["", ""])
    #expect(lines([2], width: 1, height: 2, maximum: 4) == ["", "█"])
  }

  @Test func moreValuesThanColumnsAreShownByTheirGreatest() {
    #expect(Chart.resampled([1, 5, nil, nil, 2, 3], earlier: 0, into: 3).values == [5, nil, 3])
    #expect(Chart.resampled([1, 5], earlier: 0, into: 9).values == [1, 5])
    #expect(Chart.resampled([1, 2, 3], earlier: 0, into: 0).values.isEmpty)
    #expect(Chart.resampled(Array(repeating: 1, count: 600), earlier: 0, into: 100).values.count == 100)
  }

  @Test func aPeakStaysOneColumnAsTimeGoesOn() {
    let all: [Double?] = (0..<40).map { $0 == 13 ? 9 : 1 }
    for start in 0..<12 {
      let window = Array(all[start..<start + 24])
      let (values, step) = Chart.resampled(window, earlier: start, into: 8)
      #expect(step == 3)
      #expect(values.filter { $0 == 9 }.count == 1)
      #expect(values.count <= 8)
    }
  }
}
