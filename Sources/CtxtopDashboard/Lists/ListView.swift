// The list in the middle of the screen: the rows of one view that are visible, under their titles.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSnapshot
import CtxtopSettings

extension State {
  /// Draws the list of the shown view.
  func renderList(in rect: Rect, layout: Layout, into buffer: inout Buffer) {
    guard model != nil else { return renderEmpty("waiting for the first snapshot", in: rect, into: &buffer) }
    guard list.count > 0 else { return renderEmpty(emptyText, in: rect, into: &buffer) }
    let first = min(selection.top, list.count)
    let visible = first..<min(list.count, first + layout.rows)
    let columns = shownColumns
    let table = CtxtopScreen.Table(
      columns: columns.map(\.layout), rows: list.tableRows(visible, columns: columns.map(\.column.id), look: look),
      selected: selection.index - first, look: look)
    if layout.hasTitles {
      table.render(in: rect, into: &buffer)
    } else {
      table.renderRows(in: rect, into: &buffer)
    }
  }

  /// A column that is on the screen.
  struct ShownColumn {
    /// Which one.
    let column: ListColumn
    /// How it is drawn.
    let layout: TableColumn
    /// Where it begins, from the left edge of the screen.
    let x: Int
  }

  /// The columns of the shown view that fit. Only the cells that are seen cost anything.
  var shownColumns: [ShownColumn] {
    let columns = ListColumn.all(of: view, chosen: listState.columns, several: hasTargets)
    let wanted = columns.map { column in
      column.tableColumn(sorting: sort.mark(of: column.id), width: fittedWidth(of: column.id))
    }
    return TableLayout(wanted, width: size.width - CtxtopScreen.Table.margin).places.map { place in
      var layout = wanted[place.column]
      layout.width = place.width
      layout.share = 0
      return ShownColumn(column: columns[place.column], layout: layout, x: place.x + CtxtopScreen.Table.margin)
    }
  }

  /// Process ids rarely need the seven columns that they may need; a verdict's sentence names the worker and
  /// the unit itself, and needs the room of their columns.
  private func fittedWidth(of id: String) -> Int? {
    if id == "message", view == .verdicts { return max(20, min(50, size.width - 14)) }
    if id == "target" { return model.map { targetWidth(of: $0) } }
    guard id == "pid", let model else { return nil }
    let longest = model.now.workers.reduce(0) { max($0, Int($1.pid)) }
    return max(4, String(longest).count)
  }

  /// As much as the longest name needs, within limits; nobody wants to guess which of two it is.
  private func targetWidth(of model: Model) -> Int {
    let longest = model.now.targets.reduce(0) { max($0, DisplayWidth.of(Format.cleaned($1.name))) }
    return max(6, min(longest, max(8, size.width / 5)))
  }

  private var emptyText: String {
    guard let filter = listState.filter, list.total > 0 else { return view.definition.emptyText }
    if filter.didHitLimit { return "none of \(list.total) rows is known to match \(filter.text)  (Esc: all)" }
    return "none of \(list.total) rows matches \(filter.text)  (Esc: all)"
  }

  private func renderEmpty(_ text: String, in rect: Rect, into buffer: inout Buffer) {
    let place = rect.row(rect.height > 2 ? 1 : 0)
    Line([Span("  " + text, look[.dim])], ellipsis: look.shapes.ellipsis).render(in: place, into: &buffer)
  }
}
