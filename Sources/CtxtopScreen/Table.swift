// Rows under titles. Only the rows that are visible need be in it.

/// A row of a table: one text a column.
package struct TableRow: Equatable, Sendable {
  /// The texts, one a column.
  package var cells: [Span]
  /// What stands left of the row, beside the mark of selection; a space for nothing.
  package var mark: Span

  /// A row of the given texts.
  package init(_ cells: [Span], mark: Span = Span(" ")) {
    self.cells = cells
    self.mark = mark
  }
}

/// Titles, and the rows below them.
package struct Table: Widget, Equatable, Sendable {
  /// All columns; which are shown depends on the width.
  package var columns: [TableColumn]
  /// The rows to show, beginning below the titles.
  package var rows: [TableRow]
  /// The row that the keys act on.
  package var selected: Int?
  /// How it looks.
  package var look: Look

  /// Columns of the screen left of the first column: the mark of selection and the row's own mark.
  package static let margin = 3

  /// A table of the given rows.
  package init(columns: [TableColumn], rows: [TableRow], selected: Int? = nil, look: Look) {
    self.columns = columns
    self.rows = rows
    self.selected = selected
    self.look = look
  }

  /// Draws the titles, then as many rows as fit.
  package func render(in rect: Rect, into buffer: inout Buffer) {
    renderTitles(TableLayout(columns, width: rect.width - Table.margin), in: rect.row(0), into: &buffer)
    renderRows(in: rect.dropFirst(1), into: &buffer)
  }

  /// Draws as many rows as fit, without titles.
  package func renderRows(in rect: Rect, into buffer: inout Buffer) {
    let layout = TableLayout(columns, width: rect.width - Table.margin)
    for (index, row) in rows.prefix(rect.height).enumerated() {
      render(row, layout, isSelected: index == selected, in: rect.row(index), into: &buffer)
    }
  }

  private func renderTitles(_ layout: TableLayout, in line: Rect, into buffer: inout Buffer) {
    buffer.fill(line, look[.columnTitle])
    for place in layout.places {
      let column = columns[place.column]
      let style = look[column.sorting == nil ? .columnTitle : .sortedTitle]
      let area = Rect(x: line.x + Table.margin + place.x, y: line.y, width: place.width, height: line.height)
      put(column.title, column.alignment, 0, style, in: area, into: &buffer)
      guard let sorting = column.sorting else { continue }
      // The mark stands in the gap beside the title's aligned end, where no title reaches.
      let mark = String(sorting == .ascending ? look.shapes.ascending : look.shapes.descending)
      let free = column.alignment == .left ? min(area.x + DisplayWidth.of(column.title), area.maxX) : area.maxX
      buffer.put(mark, at: Position(x: free, y: line.y), style, in: line)
    }
  }

  private func render(
    _ row: TableRow, _ layout: TableLayout, isSelected: Bool, in line: Rect, into buffer: inout Buffer
  ) {
    if isSelected {
      buffer.put(String(look.shapes.selection), at: line.origin, look[.text], in: line)
    }
    buffer.put(row.mark.text, at: Position(x: line.x + 1, y: line.y), row.mark.style, in: line)
    for place in layout.places where place.column < row.cells.count {
      let cell = row.cells[place.column]
      let area = Rect(x: line.x + Table.margin + place.x, y: line.y, width: place.width, height: line.height)
      let column = columns[place.column]
      put(cell.text, column.alignment, column.tail, cell.style, in: area, into: &buffer)
    }
    if isSelected {
      // One bar: colours turned round would be a patchwork, and dim text on it is hard to read.
      let style = look[.selected]
      buffer.restyle(line) { style.adding($0.attributes.subtracting(.dim)) }
    }
  }

  private func put(
    _ text: String, _ alignment: Alignment, _ tail: Int, _ style: Style, in area: Rect, into buffer: inout Buffer
  ) {
    let width = DisplayWidth.of(text)
    let indent = alignment == .right ? max(0, area.width - width) : 0
    buffer.put(text, at: Position(x: area.x + indent, y: area.y), style, in: area)
    guard width > area.width, area.width > 1 else { return }
    let end = tail > 0 && tail < area.width - 1 ? String(text.suffix(tail)) : ""
    let cut = area.maxX - 1 - DisplayWidth.of(end)
    buffer.put("\(look.shapes.ellipsis)\(end)", at: Position(x: cut, y: area.y), style, in: area)
  }
}
