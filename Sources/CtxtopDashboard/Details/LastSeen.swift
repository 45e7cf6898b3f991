// The row whose detail is open: its numbers are remembered from now on, and when it leaves, what was known of it last
// stays on the screen. Only that of the open one is kept.

import CtxtopModel

/// A row as it was when it was seen last.
struct LastSeen: Sendable {
  /// Who it is.
  let identity: RowIdentity
  /// The last model that has it.
  let model: Model
  /// Its numbers until then; nil: none are remembered.
  let series: Series?
  /// How many snapshots there had been.
  let recorded: Int
}

extension State {
  /// To be called after whatever happened.
  mutating func keepOpenedRow() {
    guard case .detail(let identity) = opened else { return lastSeen = nil }
    guard let model, lastSeen?.model !== model || lastSeen?.identity != identity else { return }
    if model.has(identity) {
      if replay != nil, history.series(of: identity) == nil { readPastOfRow() }
      history.track(identity, in: model)
      lastSeen = LastSeen(
        identity: identity, model: model, series: history.series(of: identity), recorded: history.timeline.recorded)
    } else if lastSeen?.identity != identity {
      lastSeen = nil
    }
  }
}

extension Model {
  /// Whether a row is there.
  func has(_ identity: RowIdentity) -> Bool {
    switch identity {
    case .target: target(for: identity) != nil
    case .worker: worker(for: identity) != nil
    case .unit: unit(for: identity) != nil
    case .context: context(for: identity) != nil
    case .connection, .session, .resource: holding(for: identity) != nil
    case .failure: failure(for: identity) != nil
    case .verdict: verdict(for: identity) != nil
    }
  }
}
