// What the program writes into files and pipes. Pure functions from a model to bytes; whoever calls them
// opens and writes.
//
//   json     one object, schema 1, and a newline         Report.swift
//   ndjson   the same, one line for each snapshot
//   csv      one table, RFC 4180                         CSVReport.swift
//   text     the tables of the screen, without a screen  TextReport.swift

package import CtxtopModel
import CtxtopSnapshot

/// The formats there are.
package enum ReportFormat: String, CaseIterable, Sendable {
  case json, ndjson, csv, text
}

/// The tables that can be written as CSV.
package enum ReportTable: String, CaseIterable, Sendable {
  case workers, units, contexts, connections, failures, verdicts
}

/// Turns models into bytes.
package enum Report {
  /// A model in a format. `table` says what CSV holds; `isFirst` whether CSV begins with its header.
  package static func bytes(
    _ model: Model, as format: ReportFormat, table: ReportTable = .workers, isFirst: Bool = true
  ) -> [UInt8] {
    switch format {
    case .json, .ndjson: json(model)
    case .csv: Array(csv(model, table, withHeader: isFirst).utf8)
    case .text: Array(text(model).utf8)
    }
  }

  /// Facts and conclusions as one JSON object on one line, with a newline: several in a row are NDJSON.
  package static func json(_ model: Model) -> [UInt8] {
    var bytes = SnapshotJSON.encode(model.now, judgement: model.judgement)
    bytes.append(UInt8(ascii: "\n"))
    return bytes
  }
}
