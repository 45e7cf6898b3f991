// What the program writes into files and pipes. Pure functions from a model to bytes; whoever calls them
// opens and writes.
//
//   json        one object, schema 1, and a newline        Report.swift; of one table: RowsReport.swift
//   ndjson      the same, one line for each snapshot; of one table: one line for each row
//   csv         one table, RFC 4180                        CSVReport.swift
//   text        the tables of the screen                   TextReport.swift, TextSummary.swift
//   prometheus  metrics                                    Prometheus/Exposition.swift
//
//   ReportTable.swift   what of a table is wanted, as values      JSONText.swift   JSON that is made here
//   Schema/             what the JSON of a snapshot holds

package import CtxtopModel
package import CtxtopSelection
import CtxtopSnapshot

/// The formats there are.
package enum ReportFormat: String, CaseIterable, Sendable {
  case json, ndjson, csv, text, prometheus
}

/// One table, of which not everything may be wanted.
package struct TableRequest: Sendable {
  /// Which one.
  package let table: ReportTable
  /// What of it.
  package let selection: TableSelection

  /// All of a table, or what is selected.
  package init(_ table: ReportTable, _ selection: TableSelection = TableSelection()) {
    self.table = table
    self.selection = selection
  }
}

/// Turns models into bytes.
package enum Report {
  /// A model in a format; all of it, or what is requested of one table. `isFirst`: whether CSV begins with its header;
  /// `width`: how many columns of a terminal a text takes.
  package static func bytes(
    _ model: Model, as format: ReportFormat, _ request: TableRequest? = nil, isFirst: Bool = true,
    width: @escaping TextReport.Measure = { $0.count }
  ) -> [UInt8] {
    switch format {
    case .json, .ndjson:
      guard let request else { return json(model) }
      let values = request.values(of: model)
      return Array((format == .json ? values.jsonArray : values.jsonLines).utf8)
    case .csv: return Array((request ?? TableRequest(.workers)).values(of: model).csv(withHeader: isFirst).utf8)
    case .text:
      let report = TextReport(model, width: width)
      return Array((request.map { report.table($0.table, $0.selection) } ?? report.text).utf8)
    case .prometheus: return Array(Exposition.text(model).utf8)
    }
  }

  /// Facts and conclusions as one JSON object on one line, with a newline: several in a row are NDJSON.
  package static func json(_ model: Model) -> [UInt8] {
    var bytes = SnapshotJSON.encode(model.now, judgement: model.judgement)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}

extension TableRequest {
  fileprivate func values(of model: Model) -> TableValues { table.values(of: model, selection, for: .program) }
}
