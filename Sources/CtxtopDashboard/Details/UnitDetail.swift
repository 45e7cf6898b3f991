// Everything known about a unit, a context, and what is held.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension DetailText {
  /// Adds a unit.
  mutating func unit(_ row: UnitRow) {
    heading("\(row.unit.kind.name) \(row.unit.id) of worker \(row.worker.pid)  \(row.unit.name)")
    state(row.state.rawValue, row.state.level, row.state.meaning)
    columns(of: row, in: .units, but: ["state"])
  }

  /// Adds a context.
  mutating func context(_ row: ContextRow) {
    heading("\(row.context.kind == .app ? "app" : "request") context on \(row.unit.kind.name) \(row.unit.id)")
    state(row.shownState.rawValue, row.shownState.level, row.shownState.meaning)
    columns(of: row, in: .contexts, but: ["state"])
  }

  /// Adds a connection, a session or a resource.
  mutating func holding(_ row: HoldingRow) {
    heading("of worker \(row.worker.pid)")
    state(row.state.name, row.state.level, row.state.meaning)
    columns(of: row, in: .connections, but: ["state"])
  }

  /// Adds a state with its sign and what it means.
  mutating func state(_ name: String, _ level: StateLevel, _ meaning: String) {
    let mark = level.mark(look)
    line([Span("  "), mark, Span(" \(name)", mark.style), Span(": \(meaning)", look[.dim])])
  }
}
