// A chart of several rows: values over time, the latest at the right edge.
//
//      8.0 ┤     █
//          │  ▄▁ █▃
//        0 ┤▁▁██▁██▂
//          └ 10m ago ── now

/// Columns of values, between a scale and a time axis.
package struct Chart: Widget, Sendable {
  /// Values from the oldest to the latest; nil where nothing is known.
  package var values: [Double?]
  /// How many values there were before the first. It keeps those that share a column together as time goes on,
  /// so that a peak does not flicker.
  package var earlier: Int
  /// The value of a full column; nil, or less than the greatest that is shown: that one.
  package var maximum: Double?
  /// Text for a value on the scale.
  package var label: @Sendable (Double) -> String
  /// Text for the left end of the time axis, which lies so many values before the latest.
  package var age: @Sendable (Int) -> String
  /// How the columns look.
  package var style: Style
  /// How axes and their texts look.
  package var frame: Style
  /// What all is drawn with.
  package var shapes: Shapes

  /// A chart of the given values.
  package init(
    _ values: [Double?], earlier: Int = 0, maximum: Double? = nil, shapes: Shapes, style: Style, frame: Style,
    label: @escaping @Sendable (Double) -> String, age: @escaping @Sendable (Int) -> String
  ) {
    self.values = values
    self.earlier = earlier
    self.maximum = maximum
    self.shapes = shapes
    self.style = style
    self.frame = frame
    self.label = label
    self.age = age
  }

  /// Draws into all of `rect`. In less than three rows there is no time axis, in a narrow area no scale.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    let plotHeight = rect.height >= 3 ? rect.height - 1 : rect.height
    let greatest = values.reduce(0) { max($0, Chart.known($1) ?? 0) }
    let top = max(maximum ?? 0, greatest)
    let texts = [label(top), label(0)]
    let margin = (texts.map { DisplayWidth.of($0) }.max() ?? 0) + 2
    let hasScale = rect.width >= 2 * margin && plotHeight >= 2
    let left = hasScale ? margin : 0
    let plot = Rect(x: rect.x + left, y: rect.y, width: rect.width - left, height: plotHeight)
    guard !plot.isEmpty else { return }
    if hasScale { renderScale(texts, left: rect.x, plot, into: &buffer) }
    let columns = Chart.resampled(values, earlier: earlier, into: plot.width)
    renderColumns(columns.values, scale: top, in: plot, into: &buffer)
    if plotHeight < rect.height {
      let axis = Rect(x: plot.x - (hasScale ? 1 : 0), y: plot.maxY, width: plot.width + (hasScale ? 1 : 0), height: 1)
      renderTimes(age(columns.step * plot.width - 1), in: axis, hasScale: hasScale, into: &buffer)
    }
  }

  /// At most `width` values made of more: the greatest of each group, unknown where all of it is. `step` is how
  /// many values a group has.
  package static func resampled(
    _ values: [Double?], earlier: Int, into width: Int, leastStep: Int = 1
  ) -> (values: [Double?], step: Int) {
    guard width > 0 else { return ([], 1) }
    let step = max(1, leastStep, (values.count + width - 1) / width)
    guard step > 1 else { return (values, 1) }
    var groups: [Double?] = []
    var index = 0
    while index < values.count {
      // Groups begin at multiples of the step, counted from the beginning of time.
      let end = min(values.count, index + step - (earlier + index) % step)
      groups.append(values[index..<end].compactMap(known).max())
      index = end
    }
    return (Array(groups.suffix(width)), step)
  }

  private static func known(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

  private func renderScale(_ texts: [String], left: Int, _ plot: Rect, into buffer: inout Buffer) {
    let line = Rect(x: plot.x - 1, y: plot.y, width: 1, height: plot.height)
    buffer.fill(line, with: shapes.vertical, frame)
    for (text, y) in zip(texts, [plot.y, plot.maxY - 1]) {
      let area = Rect(x: left, y: y, width: plot.x - left, height: 1)
      buffer.put(text, at: Position(x: plot.x - 2 - DisplayWidth.of(text), y: y), frame, in: area)
      buffer.fill(Rect(x: plot.x - 1, y: y, width: 1, height: 1), with: shapes.tick, frame)
    }
  }

  private func renderColumns(_ columns: [Double?], scale: Double, in plot: Rect, into buffer: inout Buffer) {
    let steps = shapes.heights.count - 1
    let full = plot.height * steps
    for (index, value) in columns.enumerated() {
      guard let value = Chart.known(value) else { continue }
      let share = scale > 0 ? value / scale : 0
      // What is known is at least the lowest step: only the unknown is a gap.
      var left = min(max(1, Int((share * Double(full)).rounded())), full)
      var y = plot.maxY - 1
      while left > 0 {
        let shape = String(shapes.heights[min(left, steps)])
        buffer.put(shape, at: Position(x: plot.maxX - columns.count + index, y: y), style, in: plot)
        left -= steps
        y -= 1
      }
    }
  }

  private func renderTimes(_ oldest: String, in axis: Rect, hasScale: Bool, into buffer: inout Buffer) {
    buffer.fill(axis, with: shapes.horizontal, frame)
    if hasScale { buffer.fill(Rect(x: axis.x, y: axis.y, width: 1, height: 1), with: shapes.corners[2], frame) }
    let now = " now"
    let start = axis.x + (hasScale ? 1 : 0)
    let before = " \(oldest) "
    if start + DisplayWidth.of(before) + now.count + 1 <= axis.maxX {
      buffer.put(before, at: Position(x: start, y: axis.y), frame, in: axis)
    }
    buffer.put(now, at: Position(x: axis.maxX - now.count, y: axis.y), frame, in: axis)
  }
}
