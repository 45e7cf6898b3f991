// The text that is typed into a prompt: one line, a cursor, and what was typed before.
//
// The unit is the scalar: what terminals measure by. But the cursor never stands between a character and the
// marks upon it, and both are deleted together.

/// A line that is being typed.
package struct LineEditor: Equatable, Sendable {
  /// What a key did.
  package enum Outcome: Equatable, Sendable {
    /// Somebody goes on typing. Keys without a meaning here do nothing.
    case editing
    /// Enter: the text is what was wanted. It is in the history now.
    case accepted
    /// Escape.
    case cancelled
  }

  /// Stands in front of the text.
  package var label: String
  /// The lines that were accepted before, the newest last.
  package private(set) var history: [String]
  private var scalars: [Unicode.Scalar] = []
  /// How many scalars are left of the cursor.
  package private(set) var cursor = 0
  /// Which line of the history is shown; none: the one that is being typed.
  private var recalled: Int?
  /// What was typed when the history was entered: it comes back behind the newest line.
  private var draft: [Unicode.Scalar] = []

  /// Scalars that fit into the line.
  package static let capacity = 256
  /// Lines that are remembered.
  package static let historyCapacity = 50

  /// A prompt that begins with a text, the cursor behind it.
  package init(_ label: String, text: String = "", history: [String] = []) {
    self.label = label
    self.history = history.suffix(LineEditor.historyCapacity)
    insert(text)
  }

  /// What has been typed.
  package var text: String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// Takes a key.
  package mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .enter:
      remember()
      return .accepted
    case .escape: return .cancelled
    case .character(let character): insert(String(character))
    case .left, .control("b"): cursor = before(cursor)
    case .right, .control("f"): cursor = after(cursor)
    case .home, .control("a"): cursor = 0
    case .end, .control("e"): cursor = scalars.count
    case .backspace, .control("h"): remove(before(cursor)..<cursor)
    case .delete, .control("d"): remove(cursor..<after(cursor))
    case .control("u"): remove(0..<cursor)
    case .control("k"): remove(cursor..<scalars.count)
    case .control("w"): remove(wordStart..<cursor)
    case .up, .control("p"): recall(by: -1)
    case .down, .control("n"): recall(by: 1)
    default: break
    }
    return .editing
  }

  /// Puts a text at the cursor, as far as it fits. Control characters and what would be invisible are left out.
  package mutating func insert(_ text: String) {
    let free = LineEditor.capacity - scalars.count
    let added = text.unicodeScalars.filter { LineEditor.isTypeable($0) }.prefix(free)
    scalars.insert(contentsOf: added, at: cursor)
    cursor += added.count
  }

  private static func isTypeable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory != .control && (DisplayWidth.of(scalar) > 0 || scalar.isMark)
  }

  private mutating func remove(_ range: Range<Int>) {
    scalars.removeSubrange(range)
    cursor = range.lowerBound
  }

  /// The place left of the character before `place`.
  private func before(_ place: Int) -> Int {
    var place = max(0, place - 1)
    while place > 0, scalars[place].isMark { place -= 1 }
    return place
  }

  /// The place right of the character at `place`.
  private func after(_ place: Int) -> Int {
    var place = min(scalars.count, place + 1)
    while place < scalars.count, scalars[place].isMark { place += 1 }
    return place
  }

  /// Where the word left of the cursor begins.
  private var wordStart: Int {
    var start = cursor
    while start > 0, scalars[start - 1] == " " { start -= 1 }
    while start > 0, scalars[start - 1] != " " { start -= 1 }
    return start
  }
}

// History.
extension LineEditor {
  /// Neither nothing nor the same line twice in a row.
  private mutating func remember() {
    recalled = nil
    guard !scalars.isEmpty, history.last != text else { return }
    history = (history + [text]).suffix(LineEditor.historyCapacity)
  }

  private mutating func recall(by step: Int) {
    let next = (recalled ?? history.count) + step
    guard next >= 0, next <= history.count, next != (recalled ?? history.count) else { return }
    if recalled == nil { draft = scalars }
    recalled = next < history.count ? next : nil
    scalars = recalled.map { LineEditor("", text: history[$0]).scalars } ?? draft
    cursor = scalars.count
  }
}

// Drawing.
extension LineEditor {
  /// Draws label, text and cursor into the first row of `rect`. In a narrow one the label goes first; of the text
  /// that part is shown in which the cursor stands.
  package func render(in rect: Rect, look: Look, into buffer: inout Buffer) {
    let row = rect.row(0)
    buffer.fill(row, look[.text])
    let labelWidth = DisplayWidth.of(label)
    let indent = labelWidth + LineEditor.leastField <= row.width ? labelWidth : 0
    if indent > 0 { buffer.put(label, at: row.origin, look[.key], in: row) }
    let field = Rect(x: row.x + indent, y: row.y, width: row.width - indent, height: row.height)
    renderText(in: field, look, into: &buffer)
  }

  /// Columns of text that a label must leave.
  private static let leastField = 8

  private func renderText(in field: Rect, _ look: Look, into buffer: inout Buffer) {
    guard !field.isEmpty else { return }
    let cursorWidth = cursor < scalars.count ? max(1, DisplayWidth.of(scalars[cursor])) : 1
    let first = firstVisible(in: field.width, cursorWidth: cursorWidth)
    buffer.put(text(of: first..<scalars.count), at: field.origin, look[.text], in: field)
    let x = field.x + width(of: first..<cursor)
    let cell = Rect(x: x, y: field.y, width: cursorWidth, height: 1).intersection(field)
    buffer.restyle(cell) { $0.adding(.reverse) }
  }

  /// The first scalar that is shown, so that the cursor's cell is the last column or left of it. A function of text
  /// and cursor alone: nothing has to be remembered from frame to frame.
  private func firstVisible(in width: Int, cursorWidth: Int) -> Int {
    var first = 0
    var used = self.width(of: 0..<cursor) + cursorWidth
    while first < cursor, used > width {
      let next = after(first)
      used -= self.width(of: first..<next)
      first = next
    }
    return first
  }

  private func width(of range: Range<Int>) -> Int { scalars[range].reduce(0) { $0 + DisplayWidth.of($1) } }

  private func text(of range: Range<Int>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars[range])
    return String(view)
  }
}
