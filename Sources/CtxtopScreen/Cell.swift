// One column of one row. A plain value without references, so that comparing two screens is comparing memory.
//
// A wide character lies in two cells: its own, of width 2, and one of width 0 right of it.

/// What stands in one column of one row.
package struct Cell: Equatable, Sendable {
  /// The character.
  package private(set) var base: Unicode.Scalar
  /// Combining marks upon it, at most three; NUL where there are fewer.
  private var marks: (Unicode.Scalar, Unicode.Scalar, Unicode.Scalar)
  /// Columns it takes: 1; 2 for a wide character; 0 for the column that a wide character's right half covers.
  package private(set) var width: UInt8
  /// How it looks.
  package var style: Style

  /// A cell with one character. What has no width of its own is shown as a space: it must not take a column
  /// of the terminal and none here, or the other way round.
  package init(_ scalar: Unicode.Scalar, _ style: Style = .standard) {
    let width = DisplayWidth.of(scalar)
    base = width == 0 ? " " : scalar
    marks = ("\0", "\0", "\0")
    self.width = UInt8(max(1, width))
    self.style = style
  }

  /// An empty cell.
  package static func blank(_ style: Style = .standard) -> Cell { Cell(" ", style) }

  /// The right half of a wide character.
  static func covered(_ style: Style) -> Cell {
    var cell = Cell(" ", style)
    cell.width = 0
    return cell
  }

  /// Adds a combining mark; one too many is left out.
  mutating func add(mark: Unicode.Scalar) {
    if marks.0 == "\0" {
      marks.0 = mark
    } else if marks.1 == "\0" {
      marks.1 = mark
    } else if marks.2 == "\0" {
      marks.2 = mark
    }
  }

  /// The character and its marks.
  package var scalars: [Unicode.Scalar] {
    [base] + [marks.0, marks.1, marks.2].filter { $0 != "\0" }
  }

  /// Whether marks lie upon the character.
  package var hasMarks: Bool { marks.0 != "\0" }

  /// Whether both look the same.
  package static func == (left: Cell, right: Cell) -> Bool {
    left.base == right.base && left.style == right.style && left.width == right.width && left.marks == right.marks
  }
}
