// The help, generated from the tables of keys, columns and states.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

extension State {
  /// The help as text.
  var helpText: [Line] {
    var lines = [heading("Keys")]
    for binding in KeyBinding.of(subject) {
      let keys = binding.keys.map(\.name).joined(separator: " ")
      lines.append(entry(keys, binding.help, width: 10, style: look[.key]))
    }
    for view in ViewName.allCases {
      lines += [Line(), heading("Columns of \(view.title)")]
      for column in view.definition.columns where hasTargets || !column.isOfSeveral {
        lines.append(entry(column.title, column.help, width: 10, style: look[.value]))
      }
    }
    lines += [Line(), heading("States of a worker")]
    for state in WorkerState.allCases {
      let mark = state.mark(look)
      let spans = [Span(" "), mark, Span(" \(state.rawValue)".padded(to: 11), mark.style), Span(state.meaning)]
      lines.append(Line(spans))
    }
    lines += [Line(), heading("Verdicts")]
    for (code, entry) in VerdictCatalogue.all {
      let mark = entry.severity.level.mark(look)
      lines.append(Line([Span(" "), mark, Span(" \(code.rawValue)".padded(to: 11), mark.style), Span(entry.name)]))
    }
    return lines
  }

  private func heading(_ text: String) -> Line { Line([Span(text, look[.title])]) }

  private func entry(_ name: String, _ text: String, width: Int, style: Style) -> Line {
    Line([Span("  "), Span(name.padded(to: width), style), Span(" "), Span(text)])
  }
}

extension String {
  /// With spaces behind it, up to a width on the screen.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - DisplayWidth.of(self)))
  }

  /// With spaces before it, up to a width on the screen.
  func aligned(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - DisplayWidth.of(self))) + self
  }
}
