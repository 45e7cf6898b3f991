// What charts, borders and marks are drawn with. Every shape is one column wide. A mark stands beside
// whatever a colour says, so that nothing is shown by colour alone.

/// The characters that things are drawn with.
package struct Shapes: Equatable, Sendable {
  /// Heights of a chart's columns, from empty to full.
  package var heights: [Unicode.Scalar]
  /// Widths of a bar's last cell, from empty to full.
  package var widths: [Unicode.Scalar]
  /// Corners of a border: upper left, upper right, lower left, lower right.
  package var corners: [Unicode.Scalar]
  /// A border's horizontal line.
  package var horizontal: Unicode.Scalar
  /// A border's vertical line.
  package var vertical: Unicode.Scalar
  /// Stands left of the selected row.
  package var selection: Unicode.Scalar
  /// Stands beside the title of a column sorted upwards.
  package var ascending: Unicode.Scalar
  /// Stands beside the title of a column sorted downwards.
  package var descending: Unicode.Scalar
  /// Text goes on beyond the edge.
  package var ellipsis: Unicode.Scalar
  /// Separates parts of a sentence.
  package var dot: Unicode.Scalar
  /// Marks what is critical.
  package var critical: Unicode.Scalar
  /// Marks a warning.
  package var warning: Unicode.Scalar
  /// Marks a notice.
  package var notice: Unicode.Scalar
  /// Marks what is dead.
  package var dead: Unicode.Scalar
  /// Marks what is stopped or paused.
  package var paused: Unicode.Scalar
  /// Marks what is going on.
  package var live: Unicode.Scalar

  /// Block elements and box drawing.
  package static let unicode = Shapes(
    heights: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    widths: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    corners: ["┌", "┐", "└", "┘"], horizontal: "─", vertical: "│",
    selection: "▸", ascending: "▲", descending: "▼", ellipsis: "…", dot: "·",
    critical: "✗", warning: "▲", notice: "•", dead: "†", paused: "‖", live: "●")

  /// Nothing beyond ASCII.
  package static let ascii = Shapes(
    heights: [" ", "_", ".", "-", "=", "+", "*", "%", "#"],
    widths: [" ", " ", " ", "-", "-", "=", "=", "#", "#"],
    corners: ["+", "+", "+", "+"], horizontal: "-", vertical: "|",
    selection: ">", ascending: "^", descending: "v", ellipsis: "~", dot: ",",
    critical: "!", warning: "*", notice: "-", dead: "x", paused: "=", live: "o")
}
