// Search in a text that is open: by regular expression, while one types; the line that is found is highlighted.

import CtxtopPattern
import CtxtopScreen

/// A line of a text.
struct FoundLine: Equatable, Sendable {
  /// Of which text.
  let opened: Opened
  /// Its index, before lines are folded.
  let line: Int
}

extension State {
  /// Finds the next line that matches, beginning with `start` and going on round the end, and scrolls to it; false:
  /// none does.
  @discardableResult
  mutating func findLine(_ pattern: Pattern, from start: Int, by step: Int) -> Bool {
    guard let opened else { return false }
    let lines = panelText.lines
    let count = lines.count
    pattern.beginPass()
    let places = (0..<count).lazy.map { ((start + $0 * step) % count + count) % count }
    guard let line = places.first(where: { pattern.accepts(CollectionOfOne(lines[$0].text)) }) else { return false }
    foundLine = FoundLine(opened: opened, line: line)
    scroll(to: line, of: lines)
    return true
  }

  /// Goes on to the next line, or the one before.
  mutating func findLineAgain(by step: Int) {
    guard let searchedText else { return say("nothing was searched for: / searches") }
    let known = foundLine.flatMap { $0.opened == opened ? $0.line + step : nil }
    if !findLine(searchedText, from: known ?? topLine, by: step) { say("no line matches \(searchedText.text)") }
  }

  /// The line at the top of what is seen, before lines are folded.
  var topLine: Int {
    let size = panelContent
    var rows = min(textOffset, panelText.greatestOffset(in: size))
    let lines = panelText.lines
    for (index, line) in lines.enumerated() {
      rows -= TextBlock([line]).folded(to: size.width).count
      if rows < 0 { return index }
    }
    return 0
  }

  /// Scrolls as little as shows a line, with a line before and after it where there is room.
  private mutating func scroll(to line: Int, of lines: [Line]) {
    let size = panelContent
    let above = TextBlock(Array(lines[..<line])).folded(to: size.width).count
    let own = TextBlock([lines[line]]).folded(to: size.width).count
    let margin = size.height > own + 2 ? 1 : 0
    let last = TextBlock(lines).greatestOffset(in: size)
    let highest = above - margin
    let lowest = above + own + margin - size.height
    textOffset = min(max(0, min(max(min(textOffset, last), lowest), highest)), last)
  }
}
