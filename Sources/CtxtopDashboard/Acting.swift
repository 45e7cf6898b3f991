// What acts on something outside of the dashboard: a worker, a file, the clipboard. The run loop does it.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  mutating func askToRecycle() {
    guard let worker = selectedWorker else { return say("no worker is selected") }
    if let reason = refusal("recycle a worker") { return say(reason) }
    guard worker.liveness.isPresent else { return say("worker \(worker.pid) has gone already") }
    guard source == .live else { return say("cannot recycle: no exporter answers") }
    ask(.question(Question(.recycle(pid: worker.pid, started: worker.started), inFlight: worker.inFlight)))
  }

  mutating func confirm() -> [Effect] {
    guard case .question(let question) = dialog else { return [] }
    dialog = nil
    switch question.action {
    case .recycle(let pid, let started):
      replaced = Replacement(pid: pid, started: started)
      say("asking for the replacement of worker \(pid)")
      return [.recycle(pid: pid)]
    }
  }

  mutating func writeSnapshot() -> [Effect] {
    if let reason = refusal("write a file") {
      say(reason)
      return []
    }
    guard model != nil else {
      say("there is no snapshot yet")
      return []
    }
    return [.writeSnapshot]
  }

  /// The selected row, or all of the text that is open.
  mutating func copy() -> [Effect] {
    if let reason = refusal("copy") {
      say(reason)
      return []
    }
    if opened != nil { return [.copy(panelText.lines.map(\.text).joined(separator: "\n") + "\n")] }
    guard list.count > 0 else {
      say("nothing is selected")
      return []
    }
    return [.copy(list.text(at: selection.index))]
  }

  /// The row that actions are about: the one whose detail is open, or else the selected one.
  var selectedIdentity: RowIdentity? {
    if case .detail(let identity) = opened { return identity }
    return selection.identity
  }

  /// The worker that it is, or belongs to.
  var selectedWorker: Worker? {
    guard let model, let key = selectedIdentity?.workerKey else { return nil }
    return model.now.workers.first { $0.key == key }
  }

  private func refusal(_ what: String) -> String? {
    isReadOnly ? "cannot \(what): started with --readonly" : nil
  }
}

extension Line {
  /// What it says.
  var text: String { spans.map(\.text).joined() }
}
