// Moving the selection, or a text that is read; and keeping the selection when rows come and go.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

extension State {
  mutating func move(_ movement: Movement) {
    if opened == nil {
      select(movement)
    } else {
      scroll(movement)
    }
  }

  private mutating func select(_ movement: Movement) {
    guard list.count > 0 else { return }
    let page = max(1, layout.rows - 1)
    select(index: movement.target(from: selection.index, page: page, last: list.count - 1))
  }

  /// Selects the row at an index of the list.
  mutating func select(index: Int) {
    selection.index = index
    selection.identity = list.identity(at: index)
    selection.isChosen = true
    // Whoever moves away does not follow any more.
    if view == .workers, let followed, selection.identity != .worker(followed.worker) { self.followed = nil }
    keepSelectionVisible()
  }

  private mutating func scroll(_ movement: Movement) {
    let size = Panel.content(of: Layout.panel(in: size)).size
    let last = panelText.greatestOffset(in: size)
    let page = max(1, size.height - 1)
    textOffset = movement.target(from: min(textOffset, last), page: page, last: last)
  }

  /// Puts the rows of the shown view in order and finds the selected one among them.
  mutating func rebuildRows() {
    list = model.map { view.definition.rows(of: $0, listState, branches: branches) } ?? NoRows()
    if let filter = listState.filter { warnOfCost(of: filter) }
    findSelection()
  }

  /// Finds the selected row among those of the list.
  mutating func findSelection() {
    var selection = selection
    let found = selection.isChosen ? selection.identity.flatMap { list.index(of: $0) } : nil
    // The row that takes the place of one that left is selected in its stead.
    selection.index = found ?? min(selection.index, max(0, list.count - 1))
    selection.identity = list.count == 0 ? nil : list.identity(at: selection.index)
    self.selection = selection
    keepSelectionVisible()
  }

  /// Scrolls the list as little as shows the selected row.
  mutating func keepSelectionVisible() {
    let visible = max(1, layout.rows)
    let highest = max(0, selection.index - visible + 1)
    let lowest = min(selection.index, max(0, list.count - visible))
    selection.top = max(min(selection.top, lowest), highest)
  }
}

extension Movement {
  /// The index that it leads to.
  func target(from index: Int, page: Int, last: Int) -> Int {
    let wanted =
      switch self {
      case .up: index - 1
      case .down: index + 1
      case .pageUp: index - page
      case .pageDown: index + page
      case .home: 0
      case .end: last
      }
    return min(max(0, wanted), last)
  }
}
