// A line for the operator, over the lowest rows of the screen.

import CtxtopScreen

/// Something that is said for a while.
struct Notice: Equatable, Sendable {
  /// How long it is shown, in nanoseconds.
  fileprivate static let time: UInt64 = 5_000_000_000

  /// What is said.
  let text: String
  /// When it goes.
  let until: UInt64
  /// Why it is said.
  let occasion: Occasion

  enum Occasion: Equatable {
    /// Somebody pressed a key: it goes with the next one.
    case key
    /// Something came from outside.
    case news
    /// Nothing comes from a target, nil where one is watched: it goes when something does.
    case loss(target: String?)
  }
}

extension State {
  /// Answers a key.
  mutating func say(_ text: String) { notice = Notice(text: text, until: now + Notice.time, occasion: .key) }

  /// Tells what came from outside. It stays its time, also while somebody goes on pressing keys.
  mutating func tell(_ text: String, because occasion: Notice.Occasion = .news) {
    notice = Notice(text: text, until: now + Notice.time, occasion: occasion)
  }

  /// Takes away a notice that has been there long enough.
  mutating func forgetOldNotice() {
    if let notice, notice.until <= now { self.notice = nil }
  }

  /// Takes away what answered the last key.
  mutating func forgetAnswer() {
    if notice?.occasion == .key { notice = nil }
  }

  /// Takes away why nothing came from a target.
  mutating func forgetLoss(of target: String?) {
    if notice?.occasion == .loss(target: target) { notice = nil }
  }

  /// Draws the notice.
  func render(_ notice: Notice, into buffer: inout Buffer) {
    renderBelow(Line([Span(" "), Span(notice.text, look[.value])]), into: &buffer)
  }

  /// Draws a line over the lowest row, and over those above it that it needs.
  func renderBelow(_ line: Line, into buffer: inout Buffer) {
    let (lines, area) = placeBelow(line)
    buffer.fill(area)
    for (index, line) in lines.enumerated() { line.render(in: area.row(index), into: &buffer) }
  }

  /// Where the notice is.
  var noticeArea: Rect? { notice.map { placeBelow(Line([Span(" " + $0.text)])).area } }

  /// At most a third of the screen; what does not fit then ends in an ellipsis.
  private func placeBelow(_ line: Line) -> (lines: [Line], area: Rect) {
    let height = max(1, min(3, size.height / 3))
    var lines = TextBlock([line]).folded(to: size.width)
    if lines.count > height {
      let rest = Line(lines[(height - 1)...].flatMap(\.spans), ellipsis: look.shapes.ellipsis)
      lines = lines.prefix(height - 1) + [rest]
    }
    return (lines, Rect(size).dropFirst(size.height - lines.count))
  }
}
