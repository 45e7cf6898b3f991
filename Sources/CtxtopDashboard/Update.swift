// What happens to the state, and what is asked of the run loop: one function of values, without time of its
// own, input or output. What an action does stands in the file of its kind: Moving.swift, Sorting.swift, ...

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

/// Takes one message in.
package func update(_ state: inout State, _ message: Message) -> [Effect] {
  defer { state.keepOpenedRow() }
  switch message {
  case .snapshot(let snapshot):
    state.receive(snapshot)
  case .source(let source):
    state.source = source
  case .key(.resize):
    break
  case .key(let key):
    return state.press(key)
  case .tick(let now):
    state.now = max(now, state.now)
    state.forgetOldNotice()
  case .resize(let size):
    state.size = size
    state.keepSelectionVisible()
  case .notice(let text):
    state.tell(text)
  case .refused(let text, let pid):
    state.refuse(text, pid: pid)
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
    history.append(model, at: now)
    if !isPaused { show(model) }
    noteReplacements(in: model)
  }

  mutating func show(_ model: Model) {
    self.model = model
    failureCount = model.failureGroups.count
    follow()
    rebuildRows()
  }

  fileprivate mutating func press(_ key: Key) -> [Effect] {
    if case .mouse(let mouse) = key { return point(mouse) }
    forgetAnswer()
    guard let action = KeyBinding.action(for: key, in: mode) else {
      if let dialog { take(key, in: dialog) }
      return []
    }
    return perform(action)
  }

  mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .quit: return [.quit]
    case .redraw: return [.redraw]
    case .help: toggle(.help)
    case .charts: toggle(.charts)
    case .back: goBack()
    case .detail: openDetail()
    case .goToSubject: goToSubject()
    case .move(let movement): move(movement)
    case .show(let view): show(view)
    case .nextView: show(neighbour(of: view, by: 1))
    case .previousView: show(neighbour(of: view, by: -1))
    case .tree: toggleTree()
    case .fold(let folding): fold(folding)
    case .sortNext: sort(by: 1)
    case .sortPrevious: sort(by: -1)
    case .invertSort: invertSort()
    case .sortMenu: ask(.menu(sortMenu))
    case .columnMenu: ask(.menu(columnMenu))
    case .search: ask(.prompt(prompt(.search)))
    case .filter: ask(.prompt(prompt(.filter)))
    case .nextMatch: findAgain(by: 1)
    case .previousMatch: findAgain(by: -1)
    case .follow: toggleFollow()
    case .pause: togglePause()
    case .longerInterval: return changeInterval(to: Interval.longer(than: interval))
    case .shorterInterval: return changeInterval(to: Interval.shorter(than: interval))
    case .recycle: return askToRecycle()
    case .writeSnapshot: return writeSnapshot()
    case .copy: return copy()
    case .confirm: return confirm()
    case .decline: dialog = nil
    case .accept: accept()
    }
    return []
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
