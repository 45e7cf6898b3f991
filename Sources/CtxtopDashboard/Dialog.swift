// What asks the operator for something: a line of text, a choice, yes or no. One at a time; keys go to it first.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSnapshot

/// What asks for something.
enum Dialog: Sendable {
  case prompt(Prompt)
  case menu(ChoiceMenu)
  case question(Question)

  /// What the keys go to while it is open.
  var mode: Mode {
    switch self {
    case .prompt: .prompt
    case .menu: .menu
    case .question: .question
    }
  }
}

/// A line that is typed.
struct Prompt: Sendable {
  /// What it is for.
  enum Kind: Hashable, Sendable {
    case search, filter, time

    /// What stands in front of what is typed.
    fileprivate var label: String {
      switch self {
      case .search: "search: "
      case .filter: "filter: "
      case .time: "go to (09:04, -5m, start, end): "
      }
    }
  }

  let kind: Kind
  /// What is typed so far.
  var editor: LineEditor
  /// What was selected when it was opened.
  let origin: Selection
  /// How far the open text was scrolled then.
  let textOrigin: Int
  /// The filter that was in force then.
  let before: Pattern?

  init(
    _ kind: Kind, text: String, history: [String], origin: Selection, textOrigin: Int, before: Pattern?
  ) {
    self.kind = kind
    editor = LineEditor(kind.label, text: text, history: history)
    self.origin = origin
    self.textOrigin = textOrigin
    self.before = before
  }

  /// What is typed so far.
  var text: String { editor.text }
}

/// Columns to choose from.
struct ChoiceMenu: Sendable {
  /// What is chosen.
  enum Kind: Equatable, Sendable {
    case sort, columns
  }

  /// One column.
  struct Entry {
    let id: String?
    let title: String
    let help: String
    var isChecked: Bool?
  }

  let kind: Kind
  /// The entries, as they are drawn.
  var menu: Menu
  private let ids: [String?]

  init(_ kind: Kind, entries: [Entry], selected: String?) {
    self.kind = kind
    ids = entries.map(\.id)
    let width = entries.map { DisplayWidth.of($0.title) }.max() ?? 0
    menu = Menu(
      kind == .sort ? "Sort by" : "Columns",
      entries.map { Menu.Entry("\($0.title.padded(to: width))  \($0.help)", isChecked: $0.isChecked) },
      selected: ids.firstIndex(of: selected) ?? 0,
      note: kind == .sort ? "Enter: sort  Esc: as it was" : "Space: show or hide  Enter: done  Esc: as it was")
  }

  /// The entry that is selected; nil: none, as the rows come.
  var selectedID: String? { ids.indices.contains(menu.selected) ? ids[menu.selected] : nil }
  /// The entries that are checked.
  var checkedIDs: [String] { zip(ids, menu.entries).compactMap { $1.isChecked == true ? $0 : nil } }
}

/// A question that wants yes or no.
struct Question: Sendable {
  /// What happens on yes.
  enum Action: Equatable, Sendable {
    case recycle(Worker)
  }

  let action: Action
  /// What is asked.
  let text: String

  init(_ action: Action, inFlight: UInt64) {
    self.action = action
    switch action {
    case .recycle(let worker):
      let first = inFlight == 0 ? "" : "It finishes \(Format.count(inFlight, "request", "requests")) first. "
      text = "Replace \(worker.fullName) gracefully? \(first)(y/n)"
    }
  }
}

extension State {
  /// Whether the lowest rows are a line that is typed, or a question.
  var isAsking: Bool {
    switch dialog {
    case .prompt, .question: true
    case .menu, nil: false
    }
  }

  /// Opens a dialog.
  mutating func ask(_ dialog: Dialog) { self.dialog = dialog }

  /// A key that no binding takes goes to what is typed, or moves in the menu.
  mutating func take(_ key: Key, in dialog: Dialog) {
    switch dialog {
    case .prompt(var prompt):
      let before = prompt.text
      _ = prompt.editor.handle(key)
      self.dialog = .prompt(prompt)
      if prompt.text != before { preview(prompt) }
    case .menu(var menu):
      _ = menu.menu.handle(key)
      self.dialog = .menu(menu)
    case .question: break
    }
  }

  /// Takes what is typed or chosen.
  mutating func accept() -> [Effect] {
    switch dialog {
    case .prompt(let prompt) where prompt.kind == .time: return acceptTime(prompt)
    case .prompt(let prompt): accept(prompt)
    case .menu(let menu): accept(menu)
    case .question, nil: break
    }
    return []
  }

  /// Goes to the time that was typed; what is none keeps the prompt open.
  private mutating func acceptTime(_ prompt: Prompt) -> [Effect] {
    guard !prompt.text.isEmpty else {
      dialog = nil
      return []
    }
    guard let effects = goToTime(prompt.text) else {
      say(
        "\(prompt.text) is no time: 09:04:12, 2026-11-22T09:04Z, -5m before the end, +90s after the start, start, end")
      return []
    }
    dialog = nil
    remember(prompt)
    return effects
  }

  /// Leaves the dialog as if it had not been opened.
  mutating func cancel() {
    if case .prompt(let prompt) = dialog { cancel(prompt) }
    dialog = nil
  }

  private mutating func accept(_ menu: ChoiceMenu) {
    dialog = nil
    switch menu.kind {
    case .sort: sort(by: menu.selectedID)
    case .columns: show(columns: menu.checkedIDs)
    }
  }

  /// Draws what asks: a menu over the list, a line over the footer.
  func render(_ dialog: Dialog, in layout: Layout, into buffer: inout Buffer) {
    switch dialog {
    case .menu(let menu):
      menu.menu.render(in: menuArea(of: menu), look: look, into: &buffer)
    case .prompt(let prompt):
      // What is wrong with a pattern is said where the list begins: the line below is the one that is typed.
      if let notice { renderNotice(notice.text, in: noticePlace(layout), into: &buffer) }
      buffer.fill(dialogLine)
      prompt.editor.render(in: dialogLine, look: look, into: &buffer)
    case .question(let question):
      renderBelow(Line([Span(" \(look.shapes.warning) \(question.text)", look[.warning])]), into: &buffer)
    }
  }

  private func renderNotice(_ text: String, in rect: Rect, into buffer: inout Buffer) {
    buffer.fill(rect)
    Line([Span(" \(look.shapes.warning) \(text)", look[.warning])], ellipsis: look.shapes.ellipsis)
      .render(in: rect, into: &buffer)
  }

  /// Where the list begins; on a low screen above the line that is typed.
  private func noticePlace(_ layout: Layout) -> Rect {
    layout.tabs.isEmpty ? Rect(size).row(size.height - 2) : layout.tabs
  }

  /// The lowest row of the screen, also where it is too low for a footer.
  private var dialogLine: Rect { Rect(size).row(max(0, size.height - 1)) }

  /// In the middle of the panel's place, as large as the entries need.
  func menuArea(of menu: ChoiceMenu) -> Rect {
    let area = Layout.panel(in: size)
    let wanted = menu.menu.size
    let (width, height) = (min(wanted.width, area.width), min(wanted.height, area.height))
    return Rect(
      x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width: width, height: height)
  }
}
