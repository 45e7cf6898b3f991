// The screen's tables as plain text: a summary, the verdicts, and one table after the other, each column as wide as its
// widest cell. For pipes, mails and terminals that can do no more.
//
//   text    everything, each table under its title
//   frame   what a person looks for: of contexts and connections those that are not as they should be, and a line
//           that says how much else there is

package import CtxtopModel
package import CtxtopSelection

/// Tables as plain text.
package struct TextReport {
  /// How many columns of a terminal a text takes.
  package typealias Measure = (String) -> Int

  let model: Model
  private let width: Measure

  /// A report on a model.
  package init(_ model: Model, width: @escaping Measure) {
    self.model = model
    self.width = width
  }

  /// Everything that the screen's views list.
  package var text: String {
    let tables = ReportTable.allCases.filter { $0 != .verdicts }.compactMap { table -> String? in
      let values = table.values(of: model, TableSelection(), for: .person)
      // That there is no worker is worth a line; that nothing failed is said by the summary.
      guard !values.rows.isEmpty || table == .workers else { return nil }
      return "\n\(table.title) (\(values.rows.count))\n" + lines(values)
    }
    return summary + verdicts + tables.joined()
  }

  /// The workers, and what is not as it should be.
  package var frame: String {
    let contexts = model.contextRows.filter { $0.shownState.level >= .notice }
    let holdings = model.holdingRows.filter { $0.state.level >= .notice }
    let workers = ReportTable.workers.values(of: model, TableSelection(), for: .person)
    let parts = [
      lines(workers), part(.contexts, contexts), part(.connections, holdings), part(.failures, model.failureGroups),
    ]
    return summary + verdicts + "\n" + parts.filter { !$0.isEmpty }.joined(separator: "\n") + rest(contexts, holdings)
  }

  /// One table, as far as it is wanted.
  package func table(_ table: ReportTable, _ selection: TableSelection) -> String {
    lines(table.values(of: model, selection, for: .person))
  }

  private var verdicts: String {
    model.verdicts.map { "\($0.code.rawValue) \(Format.cleaned($0.message))\n" }.joined()
  }

  private func part<Row>(_ table: Table<Row>, _ rows: [Row]) -> String {
    rows.isEmpty ? "" : lines(TableValues(table, rows, model, TableSelection(), for: .person))
  }

  /// How much a frame does not list, where it leaves anything out.
  private func rest(_ contexts: [ContextRow], _ holdings: [HoldingRow]) -> String {
    let (live, fine) = (model.contextRows.count - contexts.count, model.holdingRows.count - holdings.count)
    let parts = [
      live > 0 ? Format.count(UInt64(live), "context", "contexts") : nil,
      fine > 0 ? Format.count(UInt64(fine), "connection or lock", "connections and locks") : nil,
    ].compactMap { $0 }
    return parts.isEmpty ? "" : "\nas they should be: \(parts.joined(separator: ", ")); ctxtop dump lists them\n"
  }

  /// A heading and a line for each row.
  private func lines(_ values: TableValues) -> String {
    let cells = [values.headings.map(\.title)] + values.rows.map { $0.map(Format.screen) }
    let measured = cells.map { $0.map(width) }
    let widths = values.headings.indices.map { index in measured.map { $0[index] }.max() ?? 0 }
    var text = ""
    for (line, lengths) in zip(cells, measured) {
      var padded = ""
      for (index, heading) in values.headings.enumerated() {
        let space = String(repeating: " ", count: widths[index] - lengths[index])
        padded += (index == 0 ? "" : "  ") + (heading.alignment == .left ? line[index] + space : space + line[index])
      }
      while padded.last == " " { padded.removeLast() }
      text += padded + "\n"
    }
    return text
  }
}

extension ReportTable {
  /// What stands above it.
  fileprivate var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}
