// The names of the views in one row, and the filter that is in force. In a narrow row names are shortened, so that every
// view can be reached with the mouse and nobody overlooks a filter.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSettings

extension State {
  /// The names of the views; one group a view.
  var tabStrip: Strip {
    let filter = filterGroup
    let room = margin(Rect(size)).width - (filter.map { width(of: $0) + 1 } ?? 0)
    let lengths: [TabLength] = [.full, .short, .key]
    let groups = lengths.lazy.map { tabs($0) }.first { width(of: $0) <= room } ?? tabs(.key)
    return Strip(groups, trailing: filter, gap: 2)
  }

  private func tabs(_ length: TabLength) -> [Strip.Group] {
    ViewName.allCases.map { kind in
      let isShown = kind == view
      let key = Span(KeyBinding.key(of: kind, in: subject).name, look[.key])
      // The shown view is never a number only: where one is must be readable.
      guard isShown || length != .key else { return Strip.Group([key], weight: 50) }
      let name = length == .full || isShown ? kind.title : kind.shortTitle
      let text = length == .key ? name : name + (count(of: kind).map { " \($0)" } ?? "")
      return Strip.Group(
        [key, Span(" ", look[.text]), Span(text, look[isShown ? .tab : .text])], weight: isShown ? 100 : 50)
    }
  }

  /// The filter that is in force. A long one is cut: that there is one matters more than which.
  private var filterGroup: Strip.Group? {
    guard let filter = listState.filter else { return nil }
    // What was given up as too costly is not known not to match.
    let count = ": \(list.count) of \(list.total)\(filter.didHitLimit ? " or more" : "")"
    let pattern = Format.cleaned(filter.text).shortened(to: max(6, size.width / 4), look.shapes.ellipsis)
    let text = "\(look.shapes.warning) \(size.width < 60 ? "" : "filter ")\(pattern)\(count)"
    return Strip.Group([Span(text, look[.warning])], weight: 110)
  }

  /// How many rows a view has; nil for none that is worth a number.
  private func count(of view: ViewName) -> Int? {
    guard let model else { return nil }
    switch view {
    case .workers, .units, .contexts, .connections, .tree: return nil
    case .failures: return failureCount
    case .verdicts: return model.verdicts.count
    }
  }

  private func width(of groups: [Strip.Group]) -> Int {
    groups.reduce(groups.count - 1) { $0 + width(of: $1) }
  }

  private func width(of group: Strip.Group) -> Int {
    group.parts.reduce(0) { sum, part in
      if case .text(let span) = part { sum + DisplayWidth.of(span.text) } else { sum }
    }
  }
}

/// How much of the names there is room for.
private enum TabLength {
  case full, short, key
}

extension ViewName {
  /// What it is called where there is little room.
  fileprivate var shortTitle: String {
    switch self {
    case .workers: "Work"
    case .units: "Units"
    case .contexts: "Ctx"
    case .connections: "Conn"
    case .failures: "Fail"
    case .verdicts: "Verd"
    case .tree: "Tree"
    }
  }
}

extension String {
  /// Its beginning, with an ellipsis where it was cut, in at most so many cells.
  fileprivate func shortened(to width: Int, _ ellipsis: Unicode.Scalar) -> String {
    guard DisplayWidth.of(self) > width else { return self }
    var text = self
    while DisplayWidth.of(text) >= width { text.removeLast() }
    return text + String(ellipsis)
  }
}
