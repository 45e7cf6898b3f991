// Workers that are being replaced on the operator's demand: from the question to what came of it.

import CtxtopModel
import CtxtopSnapshot

/// A worker whose replacement was asked for.
struct Replacement: Equatable, Sendable {
  /// So long nothing is said, in nanoseconds.
  fileprivate static let patience: UInt64 = 60_000_000_000

  /// Which one.
  var incumbent: Incumbent
  /// When it was asked for, or has gone.
  var since: UInt64
  /// What was said of it last.
  var stage = Stage.asked

  /// How far it has got.
  enum Stage { case asked, overdue, gone }
}

extension State {
  /// Asks the operator; meanwhile the run loop finds out whether it would be allowed.
  mutating func askToRecycle() -> [Effect] {
    if let reason = reasonNotToRecycle {
      say(reason)
      return []
    }
    guard let worker = selectedWorker else { return [] }
    ask(.question(Question(.recycle(worker), inFlight: worker.inFlight)))
    return [.askForControl(target: worker.target)]
  }

  private var reasonNotToRecycle: String? {
    if replay != nil { return "cannot recycle a worker: this is a recording" }
    if let reason = refusal("recycle a worker") { return reason }
    guard let worker = selectedWorker else { return "no worker is selected" }
    if !worker.liveness.isPresent { return "\(worker.fullName) has gone already" }
    if worker.draining != nil { return "\(worker.fullName) is being replaced already" }
    let target = latest?.now.targets.first { $0.name == worker.target }
    let isLive = target.map { $0.state == .live } ?? (source == .live)
    return isLive ? nil : "cannot recycle a worker: no exporter \(target.map { "of \($0.name) " } ?? "")answers"
  }

  mutating func confirm() -> [Effect] {
    guard case .question(let question) = dialog else { return [] }
    dialog = nil
    switch question.action {
    case .recycle(let worker):
      let workers = latest?.now.workers ?? []
      replacements.removeAll { $0.incumbent.isNamed(worker.pid, worker.target) }
      replacements.append(Replacement(incumbent: Incumbent(worker, among: workers), since: now))
      asked = Array((asked + [AskedWorker(pid: worker.pid, target: worker.target)]).suffix(16))
      say("asking for the replacement of \(worker.fullName)")
      return [.recycle(pid: worker.pid, target: worker.target)]
    }
  }

  /// A worker, or any at all, is not replaced.
  mutating func refuse(_ text: String, pid: Int32?, target: String?) {
    if pid == nil, case .question = dialog { dialog = nil }
    if let pid { replacements.removeAll { $0.incumbent.isNamed(pid, target) && $0.stage == .asked } }
    tell(text)
  }

  /// Says what came of workers that should be replaced.
  mutating func noteReplacements(in model: Model) {
    guard !replacements.isEmpty else { return }
    var kept: [Replacement] = []
    var heirs: [Worker] = []
    for var replacement in replacements {
      heirs.forEach { replacement.incumbent.exclude($0) }
      if let heir = note(&replacement, in: model) {
        heirs.append(heir)
      } else if replacement.stage != .gone || now < replacement.since &+ Replacement.patience {
        kept.append(replacement)
      } else {
        tell(
          "\(replacement.incumbent.name) has gone, but nobody has come in its place within 60 s; "
            + "see the server's log")
      }
    }
    replacements = kept
  }

  /// Who took its place; nil: nobody yet.
  private mutating func note(_ replacement: inout Replacement, in model: Model) -> Worker? {
    let name = replacement.incumbent.name
    switch replacement.incumbent.look(at: model.now.workers) {
    case .present(let worker):
      guard replacement.stage == .asked, now >= replacement.since &+ Replacement.patience else { return nil }
      replacement.stage = .overdue
      tell("\(name) is still there after 60 s: \(reasonToStay(worker, at: model.now.monotonicTime))")
    case .gone where replacement.stage != .gone:
      (replacement.stage, replacement.since) = (.gone, now)
      tell("\(name) has gone; nobody has come in its place yet")
    case .gone: break
    case .replaced(let heir):
      tell("\(name) has gone; \(heir.pid) started in its place")
      return heir
    }
    return nil
  }

  private func reasonToStay(_ worker: Worker, at moment: UInt64) -> String {
    let long = worker.units.compactMap(\.request).filter { Moment.between($0.started, moment) > 1_000_000_000 }
    let state = worker.draining == nil ? "it has not been its turn" : "it takes no new requests"
    return long.isEmpty ? state : "\(state); open for long: " + long.map(\.label.text).joined(separator: ", ")
  }
}
