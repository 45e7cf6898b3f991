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
    state.receive(snapshot, earlier: state.predecessor(of: snapshot))
  case .snapshots(let pair):
    state.receive(pair.now, earlier: pair.earlier)
  case .source(let source):
    state.source = source
    if source == .live || source == .segment { state.forgetLoss(of: nil) }
  case .key(.resize):
    break
  case .key(let key):
    return state.press(key)
  case .tick(let now):
    state.now = max(now, state.now)
    state.forgetOldNotice()
    return state.play()
  case .resize(let size):
    state.size = size
    state.keepSelectionVisible()
  case .notice(let text):
    state.tell(text)
  case .loss(let text?, let target):
    state.tell(text, because: .loss(target: target))
  case .loss(nil, let target):
    state.forgetLoss(of: target)
  case .refused(let text, let pid, let target):
    state.refuse(text, pid: pid, target: target)
  case .recording(let outline):
    state.open(outline)
  case .recordingGrew(let outline):
    return state.grow(to: outline)
  case .record(let index, let now, let earlier):
    state.show(record: index, now, earlier: earlier)
  case .document(let index, let now, let judgement):
    state.show(document: index, now, judgement)
  case .pastRecord(let index, let now, let earlier):
    state.takePast(index, now, earlier: earlier)
  case .unreadable(let index, let reason):
    return state.skip(record: index, because: reason)
  case .recorded(let recording):
    state.recording = recording
  }
  return []
}

extension State {
  /// Takes a snapshot in, and what it is compared with.
  fileprivate mutating func receive(_ snapshot: Snapshot, earlier: Snapshot?) {
    let missed = missedSnapshots
    if let latest, !latest.now.isOfSameService(as: snapshot) { history = History() }
    if let latest, latest.now.isOfSameService(as: snapshot) { tellOfActions(in: snapshot, since: latest.now) }
    latest = (snapshot, earlier)
    received = now
    let model = Model(now: snapshot, earlier: earlier)
    history.append(model, at: now, missed: missed)
    if !isPaused { show(model) }
    noteReplacements(in: model)
  }

  /// What a snapshot is compared with: the latest, or the one before where the latest is so close that it tells
  /// nothing, as after a change of the interval. One that is not newer comes from a host that was restarted, or from
  /// another service: nothing is compared with it.
  fileprivate func predecessor(of snapshot: Snapshot) -> Snapshot? {
    guard let latest, latest.now.isOfSameService(as: snapshot), latest.now.monotonicTime < snapshot.monotonicTime else {
      return nil
    }
    return [latest.now, latest.earlier].compactMap { $0 }.first {
      $0.monotonicTime &+ Model.confirmationInterval <= snapshot.monotonicTime
    }
  }

  /// How many snapshots should have come since the latest one; 0 while they come in time.
  private var missedSnapshots: Int {
    guard isStale, let silence else { return 0 }
    return max(1, Int(clamping: silence / (UInt64(max(1, interval)) * 1_000_000)) - 1)
  }

  /// Shows a model; of a recording also one that is earlier than the shown one.
  mutating func show(_ model: Model, isLater: Bool = true) {
    self.model = model
    failureCount = model.failureGroups.count
    follow(isLater: isLater)
    rebuildRows()
  }

  fileprivate mutating func press(_ key: Key) -> [Effect] {
    if case .mouse(let mouse) = key { return point(mouse) }
    forgetAnswer()
    guard let action = KeyBinding.action(for: key, in: mode, of: subject) else {
      if let dialog { take(key, in: dialog) }
      return []
    }
    return perform(action)
  }

  mutating func perform(_ action: Action) -> [Effect] {
    switch action {
    case .quit: return [.quit]
    case .redraw: return [.redraw]
    case .answer: return [.answer]
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
    case .accept: return accept()
    case .record: return toggleRecording()
    case .play, .nextRecord, .previousRecord, .nextFinding, .previousFinding, .goToTime, .goToEnd, .rewind, .faster,
      .slower:
      return move(inRecording: action)
    }
    return []
  }

  /// What can be done in a recording only.
  private mutating func move(inRecording action: Action) -> [Effect] {
    switch action {
    case .play: return togglePlaying()
    case .nextRecord: return step(by: 1)
    case .previousRecord: return step(by: -1)
    case .nextFinding: return goToFinding(by: 1)
    case .previousFinding: return goToFinding(by: -1)
    case .goToTime: ask(.prompt(prompt(.time)))
    case .goToEnd: return goToEnd()
    case .rewind: return rewind()
    case .faster: changeSpeed(to: Speed.faster(than: replay?.speed ?? 1))
    case .slower: changeSpeed(to: Speed.slower(than: replay?.speed ?? 1))
    default: break
    }
    return []
  }

  private mutating func togglePause() {
    heldCharts = isPaused ? nil : history
    guard !isPaused, let latest else { return }
    // A recording has no more than what it shows.
    if replay == nil { show(Model(now: latest.now, earlier: latest.earlier)) }
  }

  private mutating func changeInterval(to milliseconds: Int) -> [Effect] {
    guard milliseconds != interval else { return [] }
    interval = milliseconds
    intervalChanged = now
    return [.setInterval(milliseconds)]
  }
}

extension Snapshot {
  /// Whether both are of one service on one host, or of the same targets.
  fileprivate func isOfSameService(as other: Snapshot) -> Bool {
    guard targets.isEmpty else { return targets.map(\.name) == other.targets.map(\.name) }
    return service == other.service && host == other.host
  }
}
