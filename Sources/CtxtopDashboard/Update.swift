// What happens to the state, and what is asked of the run loop: one function of values, without time of its
// own, input or output.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// Takes one message in.
package func update(_ state: inout State, _ message: Message) -> [Effect] {
  switch message {
  case .snapshot(let snapshot):
    state.receive(snapshot)
  case .source(let source):
    state.source = source
  case .key(.resize):
    break
  case .key(let key):
    guard let action = KeyBinding.action(for: key, in: state.mode) else { return [] }
    state.notice = nil
    return state.perform(action)
  case .tick(let now):
    state.now = max(now, state.now)
    if let notice = state.notice, notice.until <= state.now { state.notice = nil }
  case .resize(let size):
    state.size = size
    state.keepSelectionVisible()
  case .notice(let text):
    state.say(text)
  }
  return []
}

extension State {
  /// Takes a snapshot in. One that is not newer than the latest belongs to another pass over the same
  /// workers, or to a host that was restarted: then there is nothing to compare it with.
  fileprivate mutating func receive(_ snapshot: Snapshot) {
    let earlier = latest?.now
    let isNewer = earlier.map { $0.monotonicTime < snapshot.monotonicTime } ?? false
    latest = (snapshot, isNewer ? earlier : nil)
    received = now
    let model = Model(now: snapshot, earlier: latest?.earlier)
    history.append(model)
    if !isPaused { show(model) }
  }

  fileprivate mutating func show(_ model: Model) {
    self.model = model
    rebuildRows()
  }

  fileprivate mutating func say(_ text: String) {
    notice = (text, now + 5_000_000_000)
  }

  fileprivate mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .quit: return [.quit]
    case .help: toggleHelp()
    case .back: mode = .list
    case .detail: openDetail()
    case .move(let movement): move(movement)
    case .show(let view): show(view)
    case .nextView: show(neighbour(of: view, by: 1))
    case .previousView: show(neighbour(of: view, by: -1))
    case .sortNext: sort(by: 1)
    case .sortPrevious: sort(by: -1)
    case .invertSort: invertSort()
    case .pause: togglePause()
    case .longerInterval: return changeInterval(to: Interval.longer(than: interval))
    case .shorterInterval: return changeInterval(to: Interval.shorter(than: interval))
    }
    return []
  }

  private mutating func toggleHelp() {
    mode = mode == .help ? .list : .help
    textOffset = 0
  }

  private mutating func openDetail() {
    guard let identity = selection.identity else { return say("nothing is selected") }
    detail = identity
    mode = .detail
    textOffset = 0
  }

  private mutating func show(_ view: ViewKind) {
    self.view = view
    mode = .list
    rebuildRows()
  }

  private func neighbour(of view: ViewKind, by distance: Int) -> ViewKind {
    let all = ViewKind.allCases
    let index = all.firstIndex(of: view) ?? 0
    return all[(index + distance + all.count) % all.count]
  }

  private mutating func sort(by distance: Int) {
    sorts[view] = sort.moved(by: distance, in: view, width: size.width)
    rebuildRows()
  }

  private mutating func invertSort() {
    sorts[view] = sort.inverted
    rebuildRows()
  }

  private mutating func togglePause() {
    heldCharts = isPaused ? nil : history
    guard !isPaused, let latest else { return }
    show(Model(now: latest.now, earlier: latest.earlier))
  }

  private mutating func changeInterval(to milliseconds: Int) -> [Effect] {
    guard milliseconds != interval else { return [] }
    interval = milliseconds
    return [.setInterval(milliseconds)]
  }
}

// MARK: Moving

extension State {
  private mutating func move(_ movement: Movement) {
    if mode == .list {
      select(movement)
    } else {
      scroll(movement)
    }
  }

  private mutating func select(_ movement: Movement) {
    guard list.count > 0 else { return }
    let page = max(1, Layout(size).rows - 1)
    let index = State.target(of: movement, from: selection.index, page: page, last: list.count - 1)
    selection.index = index
    selection.identity = list.identity(at: index)
    selection.isChosen = true
    keepSelectionVisible()
  }

  private mutating func scroll(_ movement: Movement) {
    let size = Panel.content(of: Layout.panel(in: size)).size
    let last = panelText.greatestOffset(in: size)
    let page = max(1, size.height - 1)
    textOffset = State.target(of: movement, from: min(textOffset, last), page: page, last: last)
  }

  private static func target(of movement: Movement, from index: Int, page: Int, last: Int) -> Int {
    let wanted =
      switch movement {
      case .up: index - 1
      case .down: index + 1
      case .pageUp: index - page
      case .pageDown: index + page
      case .home: 0
      case .end: last
      }
    return min(max(0, wanted), last)
  }

  /// Puts the rows of the shown view in order and finds the selected one among them.
  fileprivate mutating func rebuildRows() {
    list = model.map { Listing(view, of: $0, by: sort) } ?? Listing()
    var selection = selection
    let found = selection.isChosen ? selection.identity.flatMap { list.index(of: $0) } : nil
    // The row that takes the place of one that left is selected in its stead.
    selection.index = found ?? min(selection.index, max(0, list.count - 1))
    selection.identity = list.count == 0 ? nil : list.identity(at: selection.index)
    self.selection = selection
    keepSelectionVisible()
  }

  fileprivate mutating func keepSelectionVisible() {
    let visible = max(1, Layout(size).rows)
    let highest = max(0, selection.index - visible + 1)
    let lowest = min(selection.index, max(0, list.count - visible))
    selection.top = max(min(selection.top, lowest), highest)
  }
}
