// A whole screen as a value: what views return and terminals show.
//
// What must hold: a cell of width 2 is followed by one of width 0 in the same row, and a cell of width 0
// follows one of width 2. Whoever writes over one half of a wide character blanks the other.

/// Cells in rows.
package struct Buffer: Equatable, Sendable {
  /// Columns and rows.
  package let size: Size
  package private(set) var cells: [Cell]

  /// An empty screen.
  package init(_ size: Size) {
    self.size = size
    cells = Array(repeating: .blank(), count: size.width * size.height)
  }

  /// The whole screen.
  package var bounds: Rect { Rect(size) }

  /// The cell at a place; blank where there is none.
  package subscript(_ x: Int, _ y: Int) -> Cell {
    guard x >= 0, y >= 0, x < size.width, y < size.height else { return .blank() }
    return cells[y * size.width + x]
  }

  /// Writes text into one row, from a place to the right, as far as it lies within `rect` and the screen.
  /// Returns the columns used. A wide character that the edge would halve becomes a space; control
  /// characters become question marks, and what has neither width nor a character to lie upon vanishes.
  @discardableResult
  package mutating func put(_ text: some StringProtocol, at place: Position, _ style: Style, in rect: Rect) -> Int {
    let area = rect.intersection(bounds)
    guard place.y >= area.y, place.y < area.maxY else { return 0 }
    var x = place.x
    for scalar in text.unicodeScalars {
      let width = DisplayWidth.of(scalar)
      if width == 0 {
        add(mark: scalar, before: x, y: place.y, in: area)
        continue
      }
      if x >= area.maxX { break }
      if x >= area.x, x + width <= area.maxX {
        store(Cell(scalar.isControl ? "?" : scalar, style), x, place.y)
      } else if x + width > area.x {
        // Half of it lies outside.
        store(.blank(style), max(x, area.x), place.y)
      }
      x += width
    }
    return max(0, min(x, area.maxX) - place.x)
  }

  /// Fills an area with a character.
  package mutating func fill(_ rect: Rect, with scalar: Unicode.Scalar = " ", _ style: Style = .standard) {
    let area = rect.intersection(bounds)
    let cell = Cell(DisplayWidth.of(scalar) == 1 ? scalar : " ", style)
    for y in area.y..<area.maxY {
      for x in area.x..<area.maxX {
        store(cell, x, y)
      }
    }
  }

  /// Gives an area another style, leaving its characters.
  package mutating func restyle(_ rect: Rect, _ change: (Style) -> Style) {
    let area = rect.intersection(bounds)
    for y in area.y..<area.maxY {
      for x in area.x..<area.maxX {
        cells[y * size.width + x].style = change(cells[y * size.width + x].style)
      }
    }
  }

  /// The screen's rows as text, without trailing spaces: what tests compare and plain output prints.
  package var lines: [String] {
    (0..<size.height).map { y in
      var line = String.UnicodeScalarView()
      for cell in cells[y * size.width..<(y + 1) * size.width] where cell.width > 0 {
        line.append(contentsOf: cell.scalars)
      }
      while line.last == " " {
        line.removeLast()
      }
      return String(line)
    }
  }

  private mutating func add(mark: Unicode.Scalar, before x: Int, y: Int, in area: Rect) {
    guard mark.isMark, x > area.x, x <= area.maxX else { return }
    let index = y * size.width + x - 1
    let base = cells[index].width == 0 ? index - 1 : index
    cells[base].add(mark: mark)
  }

  private mutating func store(_ cell: Cell, _ x: Int, _ y: Int) {
    let index = y * size.width + x
    release(index, x)
    if cell.width == 2 {
      release(index + 1, x + 1)
      cells[index + 1] = .covered(cell.style)
    }
    cells[index] = cell
  }

  /// Blanks the other half of the wide character of which this cell is one.
  private mutating func release(_ index: Int, _ x: Int) {
    switch cells[index].width {
    case 0 where x > 0: cells[index - 1] = .blank(cells[index - 1].style)
    case 2 where x + 1 < size.width: cells[index + 1] = .blank(cells[index + 1].style)
    default: break
    }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal would act on it instead of showing it.
  fileprivate var isControl: Bool { value < 0x20 || (value >= 0x7F && value < 0xA0) }

  /// Whether it is drawn upon the character before it. Joiners, variation selectors and marks of direction
  /// are not: a terminal may take them as an order to draw something of another width, or elsewhere.
  var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: !(0xFE00...0xFE0F).contains(value) && value < 0xE0100
    default: (0x1160...0x11FF).contains(value) || (0xD7B0...0xD7FF).contains(value)
    }
  }
}
