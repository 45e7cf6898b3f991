// The lowest row: the keys that make sense now. What a key is called stands in the table of
// keys; here stands when it is offered and called otherwise, and which goes first where not all fit.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

extension State {
  /// Draws the footer.
  func renderFooter(in rect: Rect, into buffer: inout Buffer) {
    footerStrip.render(in: rect.inset(left: 1), into: &buffer)
  }

  /// A key that the footer offers.
  package struct FooterKey {
    /// Pressed, it does `action`.
    package let key: Key
    /// What it is called.
    package let label: String
    /// What it does.
    package let action: Action
  }

  /// The keys that the footer offers now.
  package var footerKeys: [FooterKey] {
    KeyBinding.of(subject).compactMap { binding in
      guard let usual = binding.label, binding.modes.contains(mode), let key = binding.keys.first,
        let label = label(of: binding.action, usual)
      else { return nil }
      return FooterKey(key: key, label: label, action: binding.action)
    }
  }

  /// The keys of the footer; one group a key.
  var footerStrip: Strip {
    let groups = footerKeys.map { entry in
      let place = Self.order.firstIndex(of: entry.action) ?? Self.order.count
      return Strip.Group(
        [Span(entry.key.name, look[.key]), Span(" \(entry.label)", look[.dim])], weight: 100 - place)
    }
    return Strip(groups, gap: 2)
  }

  /// What goes last where not all fit comes first: the ways out, then what one looks around with.
  private static let order: [Action] = [
    .quit, .answer, .accept, .back, .decline, .confirm, .help, .play, .nextFinding, .nextRecord, .goToTime, .detail,
    .goToSubject, .search, .filter, .sortMenu, .tree, .pause, .goToEnd, .follow, .recycle, .charts, .nextMatch,
    .columnMenu, .copy, .writeSnapshot, .record,
  ]

  /// What a key is called at the moment; nil: it would do nothing.
  private func label(of action: Action, _ usual: String) -> String? {
    switch action {
    case .back where mode == .list: listState.filter == nil ? nil : "All rows"
    case .help where opened == .help: "Back"
    case .charts where opened == .charts: "Back"
    case .tree where view == .tree && opened == nil: "List"
    case .pause where isPaused: "Go on"
    case .play where replay?.isPlaying == true: "Stop"
    case .record where recording != nil: "Stop rec"
    case .record: isReadOnly || model == nil ? nil : usual
    case .nextFinding: replay?.outline.finding(from: replay?.position ?? 0, by: 1) == nil ? nil : usual
    case .recycle where replay != nil: nil
    case .follow where followed != nil: "Unfollow"
    case .follow, .recycle: selectedWorker == nil || (isReadOnly && action == .recycle) ? nil : usual
    case .detail: list.count == 0 ? nil : usual
    case .search, .filter: opened == nil && list.total == 0 ? nil : usual
    case .nextMatch: (opened == nil ? searched : searchedText) == nil ? nil : usual
    case .goToSubject: hasSubject ? usual : nil
    case .copy, .writeSnapshot: isReadOnly || model == nil ? nil : usual
    default: usual
    }
  }

  private var hasSubject: Bool {
    guard case .detail(let identity) = opened, let model else { return false }
    return model.subject(of: identity) != nil
  }
}

extension Rect {
  /// The area without its first columns.
  func inset(left columns: Int) -> Rect {
    let columns = min(columns, width)
    return Rect(x: x + columns, y: y, width: width - columns, height: height)
  }
}
