// The lowest row: the keys that matter in this mode.

import CtxtopScreen

extension State {
  /// Draws the footer.
  func renderFooter(in rect: Rect, into buffer: inout Buffer) {
    footerStrip.render(in: rect.inset(left: 1), into: &buffer)
  }

  /// The bindings that the footer shows in this mode.
  var footerBindings: [KeyBinding] {
    KeyBinding.all.filter { $0.label != nil && $0.modes.contains(mode) }
  }

  /// The keys of the footer; one group a binding.
  var footerStrip: Strip {
    let groups = footerBindings.enumerated().map { index, binding in
      // The way out is the last to go.
      let weight = binding.action == .quit || binding.action == .back ? 100 : 99 - index
      return Strip.Group(
        [Span(binding.keys[0].name, look[.key]), Span(" \(binding.label ?? "")", look[.dim])], weight: weight)
    }
    return Strip(groups, gap: 2)
  }
}

extension Rect {
  /// The area without its first columns.
  func inset(left columns: Int) -> Rect {
    let columns = min(columns, width)
    return Rect(x: x + columns, y: y, width: width - columns, height: height)
  }
}
