// One table of a model, as far as it is wanted: the values that CSV, JSON rows and text are made from.

internal import CtxtopModel
package import CtxtopSelection
import CtxtopSnapshot

/// The tables that can be written by themselves.
package enum ReportTable: String, CaseIterable, Sendable {
  case workers, units, contexts, connections, failures, verdicts
}

extension ReportTable {
  /// The columns of the table by their names; in front the snapshot's time, by which rows of several snapshots can be
  /// told apart.
  package var columns: [ColumnName] {
    switch self {
    case .workers: ColumnName.all(of: Table.workers.withTime(0))
    case .units: ColumnName.all(of: Table.units.withTime(0))
    case .contexts: ColumnName.all(of: Table.contexts.withTime(0))
    case .connections: ColumnName.all(of: Table.connections.withTime(0))
    case .failures: ColumnName.all(of: Table.failures.withTime(0))
    case .verdicts: ColumnName.all(of: Table.verdicts.withTime(0))
    }
  }

  /// What is wanted of the table in a model. For people, functions that raised in several workers are one row, as on
  /// the screen.
  func values(of model: Model, _ selection: TableSelection, for reader: Reader) -> TableValues {
    switch self {
    case .workers: TableValues(.workers, model.workerRows, model, selection, for: reader)
    case .units: TableValues(.units, model.unitRows, model, selection, for: reader)
    case .contexts: TableValues(.contexts, model.contextRows, model, selection, for: reader)
    case .connections: TableValues(.connections, model.holdingRows, model, selection, for: reader)
    case .failures:
      TableValues(
        .failures, reader == .person ? model.failureGroups : model.failureRows, model, selection, for: reader)
    case .verdicts: TableValues(.verdicts, model.verdictRows, model, selection, for: reader)
    }
  }
}

/// Who reads a table.
enum Reader {
  case person, program
}

/// The values of a table, row by row.
struct TableValues {
  /// A column without its way to a value.
  struct Heading {
    let id: String
    let title: String
    let alignment: Alignment
  }

  let headings: [Heading]
  let rows: [[Value]]

  /// For people, columns that say nothing in any row are left out: of connections without sessions, say, nobody misses
  /// what is only known of sessions. What is not known of a worker is told.
  init<Row>(_ table: Table<Row>, _ all: [Row], _ model: Model, _ selection: TableSelection, for reader: Reader) {
    let table = table.withTime(model.now.wallTime)
    let usual = table.columns.filter { column in
      switch column.presence {
      case .everywhere: true
      case .file: reader == .program
      case .several: model.hasTargets
      }
    }
    let chosen = selection.columns.ids(usual: usual.map(\.id), all: table.columns.map(\.id)).compactMap(table.column)
    let rows = selection.order(of: all, in: table).map { all[$0] }
    let isShort = reader == .person && selection.columns == .usual && Row.self != WorkerRow.self && !rows.isEmpty
    let columns = isShort ? chosen.filter { column in rows.contains { column.value($0) != .unknown } } : chosen
    headings = columns.map { Heading(id: $0.id, title: $0.title, alignment: $0.alignment) }
    self.rows = rows.map { row in columns.map { $0.value(row) } }
  }
}
