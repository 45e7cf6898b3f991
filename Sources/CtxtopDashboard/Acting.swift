// What acts on something outside of the dashboard: whom it is about, and when it is refused. The run loop does it.
// What it does to a worker stands in Replacing.swift, to the clipboard in Copying.swift.

import CtxtopModel
import CtxtopSnapshot

extension State {
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

  /// What is watched.
  var subject: KeyBinding.Subject {
    if replay != nil { return .recording }
    if case .needsAttention = source { return .unanswered }
    if isTargetAsking { return .unanswered }
    return .live
  }

  /// Whether the row that is selected belongs to a target that somebody must answer ssh for.
  private var isTargetAsking: Bool {
    guard let asking = latest?.now.targets.filter(\.isAsking), !asking.isEmpty, opened == nil else { return false }
    let name: String? = if case .target(let name) = selection.identity { name } else { selectedWorker?.target }
    return asking.contains { $0.name == name }
  }

  /// Why something is not done that acts on anything; nil: it is.
  func refusal(_ what: String) -> String? {
    isReadOnly ? "cannot \(what): started with --readonly" : nil
  }
}
