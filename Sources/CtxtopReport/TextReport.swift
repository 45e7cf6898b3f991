// The screen's tables as plain text: a summary line, the verdicts, and one table after the other, each
// column as wide as its widest cell. For pipes, mails and terminals that can do no more.

package import CtxtopModel
import CtxtopSnapshot

extension Report {
  /// Rows at most of a table that shows what is not as it should be.
  private static let longest = 20

  /// A model as plain text: of contexts and connections, those that are not as they should be.
  package static func text(_ model: Model) -> String {
    var text = summary(model)
    for verdict in model.verdicts {
      text += "\(verdict.code.rawValue) \(Format.cleaned(verdict.message))\n"
    }
    text += "\n" + lines(Table.workers.columns, model.workerRows)
    text += section(.contexts, model.contextRows.filter { $0.shownState.level >= .notice })
    text += section(.connections, model.holdingRows.filter { $0.state.level >= .notice })
    text += section(.failures, model.failureGroups)
    return text
  }

  /// A table after an empty line, if there is anything in it; cut where it would bury the others.
  private static func section<Row>(_ table: Table<Row>, _ rows: [Row]) -> String {
    if rows.isEmpty { return "" }
    let rest = rows.count - longest
    let shown = Array(rows.prefix(longest))
    // Of connections without sessions, say, nobody misses what is only known of sessions.
    let columns = table.columns.filter { column in shown.contains { column.value($0) != .unknown } }
    return "\n" + lines(columns, shown) + (rest > 0 ? "and \(rest) more\n" : "")
  }

  private static func summary(_ model: Model) -> String {
    let now = model.now
    let totals = model.totals
    let server = now.workers.first?.server ?? Server()
    let parts = [
      "\(now.service)@\(now.host)", server.kind, server.model, String(Format.time(now.wallTime).prefix(19)) + "Z",
    ]
    var text = parts.filter { !$0.isEmpty }.map(Format.cleaned).joined(separator: "  ") + "\n"
    text += "workers \(totals.workers)  req/s \(rate(totals.rates?.requests))"
    text += "  p50 \(latency(totals.rates?.p50))  p99 \(latency(totals.rates?.p99))"
    text += "  in flight \(Format.screen(.share(totals.inFlight, of: totals.capacity)))"
    text += "  errors/s \(rate(totals.rates?.exceptions))\n"
    text += "contexts live \(totals.contextsLive)  leaked \(totals.contextsLeaked)  reused \(totals.contextsReused)"
    text += "  connections \(Format.screen(.share(totals.connectionsCheckedOut, of: totals.connectionsLimit))) out"
    if let oldest = totals.oldestCheckout { text += ", oldest \(Format.age(oldest))" }
    text += "  teardown failures \(totals.teardownFailures)\n"
    if totals.dropped > 0 { text += "events dropped \(totals.dropped): a table of the segment was full\n" }
    return text
  }

  private static func rate(_ value: Double?) -> String { Format.screen(value.map { .real($0) } ?? .unknown) }

  private static func latency(_ value: UInt64?) -> String { Format.screen(value.map { .duration($0) } ?? .unknown) }

  /// A heading and a line for each row.
  private static func lines<Row>(_ columns: [Column<Row>], _ rows: [Row]) -> String {
    let columns = columns.filter { $0.presence != .file }
    let cells = [columns.map(\.title)] + rows.map { row in columns.map { Format.screen($0.value(row)) } }
    let widths = columns.indices.map { index in cells.map { $0[index].count }.max() ?? 0 }
    var text = ""
    for line in cells {
      var padded = ""
      for index in columns.indices {
        let space = String(repeating: " ", count: widths[index] - line[index].count)
        padded +=
          (index == 0 ? "" : "  ") + (columns[index].alignment == .left ? line[index] + space : space + line[index])
      }
      while padded.last == " " { padded.removeLast() }
      text += padded + "\n"
    }
    return text
  }
}
