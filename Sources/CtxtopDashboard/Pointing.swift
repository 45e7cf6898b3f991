// What lies under the mouse. A click does what a key does: every place that can be clicked has a key.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

/// What is at a place of the screen.
package enum Target: Equatable {
  /// A row of the list.
  case row(Int)
  /// The title of a column.
  case title(String)
  /// The name of a view.
  case tab(ViewName)
  /// The time line, at a record.
  case record(Int)
  /// A key of the footer.
  case key(Action)
  /// A text that can be scrolled.
  case text
}

extension State {
  mutating func point(_ mouse: Mouse) -> [Effect] {
    if case .menu(let menu) = dialog, mouse.isPress, !menuArea(of: menu).contains(mouse.position),
      case .key(let action) = target(at: mouse.position)
    {
      return perform(action)
    }
    if !isAsking, let area = noticeArea, area.contains(mouse.position), mouse.isPress {
      // What lies under a notice is not seen.
      notice = nil
      return []
    }
    forgetAnswer()
    if let dialog {
      if case .menu(let menu) = dialog { point(mouse, in: menu) }
      return []
    }
    switch mouse.kind {
    case .wheelUp: for _ in 0..<3 { move(.up) }
    case .wheelDown: for _ in 0..<3 { move(.down) }
    case .press, .doubleClick: return click(target(at: mouse.position), isDouble: mouse.kind == .doubleClick)
    }
    return []
  }

  /// A click selects an entry, and turns its check mark over; a double click takes what has none.
  private mutating func point(_ mouse: Mouse, in choice: ChoiceMenu) {
    var choice = choice
    let entry = choice.menu.entry(at: mouse.position, in: menuArea(of: choice))
    switch mouse.kind {
    case .wheelUp: _ = choice.menu.handle(.up)
    case .wheelDown: _ = choice.menu.handle(.down)
    case .doubleClick where choice.kind == .sort:
      // The first click has selected it, and may have moved it.
      _ = accept()
      return
    case .press, .doubleClick:
      guard let entry else { return }
      choice.menu.select(entry)
      if choice.kind == .columns { _ = choice.menu.handle(" ") }
    }
    dialog = .menu(choice)
  }

  private mutating func click(_ target: Target?, isDouble: Bool) -> [Effect] {
    switch target {
    case .row(let index):
      select(index: index)
      return isDouble ? perform(.detail) : []
    case .title(let id):
      if sort.column == id { invertSort() } else { sort(by: id) }
    case .tab(let kind):
      return kind == view ? [] : perform(kind == .tree ? .tree : .show(kind))
    case .record(let index):
      return seek(index)
    case .key(let action):
      return perform(action)
    case .text, nil: break
    }
    return []
  }

  /// What is at a place; nil: nothing that answers.
  package func target(at place: Position) -> Target? {
    let layout = layout
    // What lies under a notice is not seen.
    if let area = noticeArea, area.contains(place) { return nil }
    // The panel lies over the footer of a low screen.
    if opened != nil, Layout.panel(in: size).contains(place) { return .text }
    if layout.footer.contains(place) {
      return footerStrip.group(at: place, in: layout.footer.inset(left: 1)).map { .key(footerKeys[$0].action) }
    }
    guard opened == nil else { return nil }
    if let timeLine, timeLine.area.contains(place) {
      return .record(timeLine.record(at: place.x - timeLine.area.x))
    }
    if layout.tabs.contains(place) {
      return tabStrip.group(at: place, in: margin(layout.tabs)).map { .tab(ViewName.allCases[$0]) }
    }
    guard layout.list.contains(place), list.count > 0 else { return nil }
    let line = place.y - layout.list.y - (layout.hasTitles ? 1 : 0)
    if line < 0 {
      return shownColumns.last { $0.x <= place.x }.map { .title($0.column.id) }
    }
    let index = selection.top + line
    return index < list.count ? .row(index) : nil
  }
}

extension Mouse {
  fileprivate var isPress: Bool { kind == .press || kind == .doubleClick }
}

extension Strip {
  /// The group at a place, by its index; nil: none, or the trailing one.
  fileprivate func group(at place: Position, in rect: Rect) -> Int? {
    places(in: rect).first { $0.area.contains(place) }?.group
  }
}
