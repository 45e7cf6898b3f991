// A list to choose from, in a panel.

/// Entries of which one is selected and any may be checked.
package struct Menu: Equatable, Sendable {
  /// One thing to choose.
  package struct Entry: Equatable, Sendable {
    /// What it is called.
    package var title: String
    /// Stands at the right: a key, a number.
    package var note: String
    /// Whether it is checked; nil: it has no check mark.
    package var isChecked: Bool?

    /// An entry without a check mark, unless `isChecked` says which.
    package init(_ title: String, note: String = "", isChecked: Bool? = nil) {
      self.title = title
      self.note = note
      self.isChecked = isChecked
    }
  }

  /// What a key did.
  package enum Outcome: Equatable, Sendable {
    /// Somebody goes on choosing. Keys without a meaning here do nothing.
    case choosing
    /// Space on an entry with a check mark, which is turned over.
    case toggled(Int)
    /// Enter on an entry.
    case accepted(Int)
    /// Escape.
    case cancelled
  }

  /// Stands in the upper border.
  package var title: String
  /// Stands in the lower border: which keys there are.
  package var note: String
  /// What there is to choose.
  package private(set) var entries: [Entry]
  /// Which entry the keys act on; 0 when there is none.
  package private(set) var selected: Int

  /// How many entries a page key moves by: it does not know how many are seen.
  private static let page = 10

  /// A menu with an entry selected, the nearest when there is none of that number.
  package init(_ title: String, _ entries: [Entry], selected: Int = 0, note: String = "") {
    self.title = title
    self.entries = entries
    self.selected = 0
    self.note = note
    select(selected)
  }

  /// Takes a key. A letter selects the next entry that begins with it.
  package mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .escape: return .cancelled
    case .enter: return entries.isEmpty ? .cancelled : .accepted(selected)
    case .character(" "):
      guard toggle() else { break }
      return .toggled(selected)
    case .up: select(selected - 1)
    case .down: select(selected + 1)
    case .pageUp: select(selected - Menu.page)
    case .pageDown: select(selected + Menu.page)
    case .home: select(0)
    case .end: select(entries.count - 1)
    case .character(let character): select(startingWith: character)
    default: break
    }
    return .choosing
  }

  /// Selects an entry, the nearest when there is none of that number.
  package mutating func select(_ index: Int) {
    selected = max(0, min(index, entries.count - 1))
  }

  /// Turns the selected entry's check mark over. False when it has none.
  private mutating func toggle() -> Bool {
    guard !entries.isEmpty, let isChecked = entries[selected].isChecked else { return false }
    entries[selected].isChecked = !isChecked
    return true
  }

  private mutating func select(startingWith character: Character) {
    let letter = character.lowercased()
    let order = Array(entries.indices.dropFirst(selected + 1)) + entries.indices.prefix(selected + 1)
    selected = order.first { entries[$0].begins(with: letter) } ?? selected
  }
}

// Drawing.
extension Menu {
  /// How large a panel would be in which everything is seen.
  package var size: Size {
    let widest = entries.map { Menu.margin + DisplayWidth.of($0.title) + $0.noteWidth }.max() ?? 0
    let inner = max(widest, DisplayWidth.of(title) + 2, DisplayWidth.of(note) + 2)
    return Size(width: inner + 4, height: entries.count + 2)
  }

  /// Columns left of a title: the mark of selection and the check mark.
  private static let margin = 6

  /// The entries that an area of some size shows: the selected one is among them, in the middle where there are
  /// more on both sides.
  package func visible(in rect: Rect) -> Range<Int> {
    let rows = Panel.content(of: rect).height
    let first = max(0, min(selected - rows / 2, entries.count - rows))
    return first..<min(entries.count, first + rows)
  }

  /// The entry at a place of the screen; nil: there is none.
  package func entry(at place: Position, in rect: Rect) -> Int? {
    let content = Panel.content(of: rect)
    guard place.x >= content.x, place.x < content.maxX, place.y >= content.y else { return nil }
    let index = visible(in: rect).lowerBound + place.y - content.y
    return visible(in: rect).contains(index) ? index : nil
  }

  /// Draws the panel and the entries that fit. Arrows' shapes in the right border tell that there are more.
  package func render(in rect: Rect, look: Look, into buffer: inout Buffer) {
    Panel(title, note: note, look: look).render(in: rect, into: &buffer)
    let content = Panel.content(of: rect)
    let shown = visible(in: rect)
    for (row, index) in shown.enumerated() {
      render(entries[index], isSelected: index == selected, in: content.row(row), look, into: &buffer)
    }
    guard content != rect, !shown.isEmpty else { return }
    let border = Rect(x: rect.maxX - 1, y: rect.y, width: 1, height: rect.height)
    if shown.lowerBound > 0 { buffer.fill(border.row(1), with: look.shapes.ascending, look[.border]) }
    if shown.upperBound < entries.count {
      buffer.fill(border.row(rect.height - 2), with: look.shapes.descending, look[.border])
    }
  }

  private func render(_ entry: Entry, isSelected: Bool, in row: Rect, _ look: Look, into buffer: inout Buffer) {
    let mark = isSelected ? String(look.shapes.selection) : " "
    // Brackets are not in the shapes: they look the same on every terminal.
    let check = entry.isChecked.map { $0 ? "[x] " : "[ ] " } ?? (hasChecks ? "    " : "")
    let noteWidth = entry.noteWidth + 8 <= row.width ? entry.noteWidth : 0
    let left = Rect(x: row.x, y: row.y, width: row.width - noteWidth, height: row.height)
    let line = Line([Span("\(mark) \(check)\(entry.title)", look[.text])], ellipsis: look.shapes.ellipsis)
    line.render(in: left, into: &buffer)
    if noteWidth > 0 {
      buffer.put(entry.note, at: Position(x: left.maxX + 2, y: row.y), look[.dim], in: row)
    }
    if isSelected {
      let style = look[.selected]
      buffer.restyle(row) { style.adding($0.attributes.subtracting(.dim)) }
    }
  }

  private var hasChecks: Bool { entries.contains { $0.isChecked != nil } }
}

extension Menu.Entry {
  /// Columns of the note and of the gap before it.
  fileprivate var noteWidth: Int { note.isEmpty ? 0 : DisplayWidth.of(note) + 2 }

  fileprivate func begins(with letter: String) -> Bool { title.prefix(1).lowercased() == letter }
}
