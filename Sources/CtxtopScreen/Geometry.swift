// Places and areas on the screen, in columns and rows; the origin is the upper left corner.

/// A column and a row.
package struct Position: Hashable, Sendable {
  /// Column, from the left.
  package var x: Int
  /// Row, from the top.
  package var y: Int

  /// The place at column `x` of row `y`.
  package init(x: Int, y: Int) {
    self.x = x
    self.y = y
  }
}

/// A number of columns and rows; never negative.
package struct Size: Equatable, Sendable {
  /// Columns.
  package let width: Int
  /// Rows.
  package let height: Int

  /// A size; what is negative becomes zero.
  package init(width: Int, height: Int) {
    self.width = max(0, width)
    self.height = max(0, height)
  }
}

/// An area of the screen; never of negative size. Cutting it always yields areas that lie within it.
package struct Rect: Equatable, Sendable {
  /// The leftmost column.
  package let x: Int
  /// The topmost row.
  package let y: Int
  /// Columns.
  package let width: Int
  /// Rows.
  package let height: Int

  /// An area; a negative size becomes zero.
  package init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// The area of a whole screen.
  package init(_ size: Size) {
    self.init(x: 0, y: 0, width: size.width, height: size.height)
  }

  /// The upper left corner.
  package var origin: Position { Position(x: x, y: y) }
  /// The first column right of the area.
  package var maxX: Int { x + width }
  /// The first row below the area.
  package var maxY: Int { y + height }
  /// Columns and rows.
  package var size: Size { Size(width: width, height: height) }
  /// Whether there is no cell in it.
  package var isEmpty: Bool { width == 0 || height == 0 }

  /// Whether a place lies in it.
  package func contains(_ place: Position) -> Bool {
    place.x >= x && place.x < maxX && place.y >= y && place.y < maxY
  }

  /// What both areas have in common.
  package func intersection(_ other: Rect) -> Rect {
    let left = max(x, other.x)
    let top = max(y, other.y)
    return Rect(x: left, y: top, width: min(maxX, other.maxX) - left, height: min(maxY, other.maxY) - top)
  }

  /// The area's row `index`, empty when it has none of that number.
  package func row(_ index: Int) -> Rect {
    let isInside = index >= 0 && index < height
    return Rect(x: x, y: isInside ? y + index : y, width: width, height: isInside ? 1 : 0)
  }

  /// The area below its first `count` rows.
  package func dropFirst(_ count: Int) -> Rect {
    let dropped = min(max(0, count), height)
    return Rect(x: x, y: y + dropped, width: width, height: height - dropped)
  }

  /// The area above its last `count` rows.
  package func dropLast(_ count: Int) -> Rect {
    Rect(x: x, y: y, width: width, height: height - min(max(0, count), height))
  }
}
