// Which list is shown and what lies over it, and the way back.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

extension State {
  mutating func show(_ view: ViewName) {
    self.view = view
    if view != .tree { viewBeforeTree = view }
    opened = nil
    trail = []
    rebuildRows()
  }

  func neighbour(of view: ViewName, by distance: Int) -> ViewName {
    let all = ViewName.allCases
    let index = all.firstIndex(of: view) ?? 0
    return all[(index + distance + all.count) % all.count]
  }

  /// Shows the tree with the same row selected, or the list from which it was called.
  mutating func toggleTree() {
    let identity = selection.identity
    show(view == .tree ? viewBeforeTree : .tree)
    reveal(identity)
  }

  /// Opens the help or the charts, or goes back from them.
  mutating func toggle(_ wanted: Opened) {
    if opened == wanted { return goBack() }
    leaveTrace()
    opened = wanted
    textOffset = 0
  }

  mutating func openDetail() {
    guard let identity = selection.identity else { return say("nothing is selected") }
    // The way back leads to this row, whichever is the first by then.
    selection.isChosen = true
    toggle(.detail(identity))
  }

  /// From a detail to what it speaks of, which is then selected in its own list.
  mutating func goToSubject() {
    guard case .detail(let identity) = opened, let model else { return }
    guard let subject = model.subject(of: identity) else { return say("it belongs to nothing that is still there") }
    leaveTrace()
    view = ViewName.of(subject)
    opened = .detail(subject)
    textOffset = 0
    rebuildRows()
    reveal(subject)
  }

  /// Remembers the way back. Help and graphs may be opened in turns for ever: where one was long ago is forgotten.
  private mutating func leaveTrace() {
    trail = (trail + [Place(view: view, opened: opened, textOffset: textOffset)]).suffix(Place.limit)
  }

  /// Closes what is on top. In a list with a filter, takes the filter away.
  mutating func goBack() {
    if dialog != nil { return cancel() }
    if let place = trail.popLast() {
      let isElsewhere = view != place.view
      view = place.view
      opened = place.opened
      textOffset = place.textOffset
      if isElsewhere { rebuildRows() }
    } else if opened != nil {
      opened = nil
    } else if listState.filter != nil {
      filter(by: nil)
      say("no filter any more")
    }
  }

  /// Selects a row of the shown list, if it is there.
  mutating func reveal(_ identity: RowIdentity?) {
    guard let identity else { return }
    var index = list.index(of: identity)
    if index == nil, view == .tree {
      unfold(to: identity)
      index = list.index(of: identity)
    }
    if let index { select(index: index) }
  }
}
