// Tables as CSV: the columns' ids, then a line for each row, each with the snapshot's time first, so that
// several snapshots in one file can be told apart. RFC 4180: lines end in CR LF, quotes are doubled.
//
// Values are the raw truth. A text that begins with `=` is not disarmed: that is the business of whoever
// opens the file in a program that runs formulas.

package import CtxtopModel
import CtxtopSnapshot

extension Report {
  /// One table of a model.
  package static func csv(_ model: Model, _ table: ReportTable, withHeader: Bool = true) -> String {
    let time = Format.time(model.now.wallTime)
    switch table {
    case .workers: return csv(.workers, model.workerRows, time, withHeader)
    case .units: return csv(.units, model.unitRows, time, withHeader)
    case .contexts: return csv(.contexts, model.contextRows, time, withHeader)
    case .connections: return csv(.connections, model.holdingRows, time, withHeader)
    case .failures: return csv(.failures, model.failureRows, time, withHeader)
    case .verdicts: return csv(.verdicts, model.verdictRows, time, withHeader)
    }
  }

  private static func csv<Row>(_ table: Table<Row>, _ rows: [Row], _ time: String, _ withHeader: Bool) -> String {
    var text = withHeader ? line(["time"] + table.columns.map(\.id)) : ""
    for row in rows {
      text += line([time] + table.columns.map { Format.raw($0.value(row)) })
    }
    return text
  }

  private static func line(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  private static func field(_ text: String) -> String {
    let special: [UInt8] = [UInt8(ascii: ","), UInt8(ascii: "\""), 0x0A, 0x0D]
    guard text.utf8.contains(where: special.contains) else { return text }
    var quoted: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\"") { quoted.append(byte) }
      quoted.append(byte)
    }
    quoted.append(UInt8(ascii: "\""))
    return String(decoding: quoted, as: UTF8.self)
  }
}
