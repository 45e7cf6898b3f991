// What charts, borders and marks are drawn with. Every shape that is one scalar is one column wide. A mark stands beside
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
  /// Where a text of a chart's scale meets the scale's line.
  package var tick: Unicode.Scalar
  /// Stands left of the selected row.
  package var selection: Unicode.Scalar
  /// Stands beside the title of a column sorted upwards.
  package var ascending: Unicode.Scalar
  /// Stands beside the title of a column sorted downwards.
  package var descending: Unicode.Scalar
  /// Text goes on beyond the edge.
  package var ellipsis: Unicode.Scalar
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
  /// Marks what is played.
  package var playing: Unicode.Scalar
  /// Marks what is being recorded.
  package var recording: Unicode.Scalar
  /// A line of time in which something is wrong.
  package var doubled: Unicode.Scalar
  /// Time of which nothing is known.
  package var gap: Unicode.Scalar
  /// Where in time one is.
  package var position: Unicode.Scalar
  /// Marks what is well.
  package var good: Unicode.Scalar
  /// Stands before a row whose children are hidden.
  package var folded: Unicode.Scalar
  /// Stands before a row whose children are shown.
  package var unfolded: Unicode.Scalar
  /// Lines from a row to its children.
  package var tree: TreeShapes

  /// Block elements and box drawing.
  package static let unicode = Shapes(
    heights: [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    widths: [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    corners: ["┌", "┐", "└", "┘"], horizontal: "─", vertical: "│", tick: "┤",
    selection: "▸", ascending: "▲", descending: "▼", ellipsis: "…",
    critical: "✗", warning: "▲", notice: "•", dead: "†", paused: "‖", live: "●",
    playing: "►", recording: "◉", doubled: "═", gap: "·", position: "◆", good: "✓",
    folded: "▸", unfolded: "▾",
    tree: TreeShapes(branch: "├─", lastBranch: "└─", line: "│ "))

  /// Nothing beyond ASCII.
  package static let ascii = Shapes(
    heights: [" ", "_", ".", "-", "=", "+", "*", "%", "#"],
    widths: [" ", " ", " ", "-", "-", "=", "=", "#", "#"],
    corners: ["+", "+", "+", "+"], horizontal: "-", vertical: "|", tick: "+",
    selection: ">", ascending: "^", descending: "v", ellipsis: "~",
    critical: "!", warning: "*", notice: "-", dead: "x", paused: "=", live: "o",
    playing: ">", recording: "@", doubled: "=", gap: ".", position: "#", good: "+",
    folded: "+", unfolded: "-",
    tree: TreeShapes(branch: "|-", lastBranch: "`-", line: "| "))
}

/// What stands before the text of a row in a tree: one part a level, each two columns wide.
package struct TreeShapes: Equatable, Sendable {
  /// Before a child that others follow.
  package var branch: String
  /// Before the last child.
  package var lastBranch: String
  /// Below a child that others follow.
  package var line: String
  /// Below the last child.
  package let blank = "  "
}
