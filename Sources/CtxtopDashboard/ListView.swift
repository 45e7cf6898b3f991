// The list in the middle of the screen: the rows of one view that are visible, under their titles.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// Draws the list of the shown view.
  func renderList(in rect: Rect, layout: Layout, into buffer: inout Buffer) {
    guard model != nil else { return renderEmpty("waiting for the first snapshot", in: rect, into: &buffer) }
    guard list.count > 0 else { return renderEmpty(view.emptyText, in: rect, into: &buffer) }
    let first = min(selection.top, list.count)
    let visible = first..<min(list.count, first + layout.rows)
    let columns = ListColumn.all(of: view)
    let widths = columns.map { column in
      column.tableColumn(sorting: sort.mark(of: column.id), width: fittedWidth(of: column.id))
    }
    // Only the cells that are seen cost anything.
    let places = TableLayout(widths, width: rect.width - CtxtopScreen.Table.margin).places
    let table = CtxtopScreen.Table(
      columns: places.map { place in
        var column = widths[place.column]
        column.width = place.width
        column.share = 0
        return column
      },
      rows: list.tableRows(visible, columns: places.map { columns[$0.column].id }, look: look),
      selected: selection.index - first, look: look)
    if layout.hasTitles {
      table.render(in: rect, into: &buffer)
    } else {
      table.renderRows(in: rect, into: &buffer)
    }
  }

  /// Process ids rarely need the seven columns that they may need; a verdict's sentence names the worker and
  /// the unit itself, and needs the room of their columns.
  private func fittedWidth(of id: String) -> Int? {
    if id == "message", view == .verdicts { return max(20, min(50, size.width - 14)) }
    guard id == "pid", let model else { return nil }
    let longest = model.now.workers.reduce(0) { max($0, Int($1.pid)) }
    return max(4, String(longest).count)
  }

  private func renderEmpty(_ text: String, in rect: Rect, into buffer: inout Buffer) {
    let place = rect.row(rect.height > 2 ? 1 : 0)
    Line([Span("  " + text, look[.dim])], ellipsis: look.shapes.ellipsis).render(in: place, into: &buffer)
  }
}

extension ViewKind {
  /// What stands in place of rows when there are none.
  fileprivate var emptyText: String {
    switch self {
    case .workers: "no worker is attached"
    case .failures: "no teardown function has raised"
    case .verdicts: "nothing is wrong"
    }
  }
}
