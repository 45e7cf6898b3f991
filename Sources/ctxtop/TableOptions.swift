// The options that choose from one table, for the formats that can print one.

import ArgumentParser
import CtxtopPattern
import CtxtopReport
import CtxtopSelection

/// Which table, and what of it.
struct TableOptions: ParsableArguments {
  /// What completions know the values of these options by.
  static let tableValue = "table"
  static let columnsValue = "columns"
  static let sortValue = "column[:asc|desc]"

  @Option(
    help: ArgumentHelp(
      "Print this table alone. (default for csv: workers; for others: everything)", valueName: Self.tableValue))
  var table: TableName?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Print these columns of it; or +column and -column for more or less than the usual ones.",
      valueName: Self.columnsValue))
  var columns: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Print only its rows that match; `column:regex` looks at one column, ! in front leaves out what matches.",
      valueName: "regex"))
  var filter: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Sort it by this column; with - in front: the other way than on the screen.", valueName: Self.sortValue))
  var sort: String?

  /// What is requested of which table; nil: everything.
  func request(as format: ReportFormat) throws -> TableRequest? {
    guard let option = firstGiven else { return nil }
    if format == .prometheus { try refuse("prometheus is always all metrics", "leave it out") }
    if table == nil, format != .csv {
      let example = "name a table, as in --table contexts"
      throw Failure.wholeDocument(option, "\(format.rawValue) without --table is everything", example)
    }
    let table = try chosenTable()
    do {
      let columns = columns?.split(separator: ",").map { String($0.drop { $0 == " " }) }
      return TableRequest(
        table, try TableSelection(columns: columns, filter: filter, sort: sort, among: table.columns))
    } catch {
      throw Failure(error, table)
    }
  }

  /// For what is always whole: none of the options may be given.
  func refuse(_ reason: String, _ remedy: String) throws {
    if let option = firstGiven { throw Failure.wholeDocument(option, reason, remedy) }
  }

  private var firstGiven: String? {
    let options = [("--table", table?.text), ("--columns", columns), ("--filter", filter), ("--sort", sort)]
    return options.first { $0.1 != nil }?.0
  }

  private func chosenTable() throws -> ReportTable {
    guard let name = table?.text else { return .workers }
    guard let table = ReportTable(rawValue: name) else { throw Failure.noSuchTable(name) }
    return table
  }
}

extension TableRequest {
  /// Fails where the expression took too long on some rows: these would be missing, and nobody would know.
  func checkFilter() throws {
    guard let filter = selection.filter, filter.didHitLimit else { return }
    throw Failure(
      "filtering \(table.rawValue) with \(filter.text)", "it takes too many steps", "write it in a simpler way", .usage)
  }
}

extension Failure {
  /// An option that chooses, where nothing can be chosen.
  fileprivate static func wholeDocument(_ option: String, _ reason: String, _ remedy: String) -> Failure {
    Failure("choosing with \(option)", reason, remedy, .usage)
  }

  fileprivate static func noSuchTable(_ name: String) -> Failure {
    let names = ReportTable.allCases.map(\.rawValue)
    return Failure(
      "choosing a table", "there is no table \(name)",
      guess(Nearest.of(name.lowercased(), among: names)) + "there are \(names.joined(separator: ", "))", .usage)
  }

  /// What is wrong with what was chosen from a table.
  fileprivate init(_ error: SelectionError, _ table: ReportTable) {
    let (happened, remedy) =
      switch error {
      case .noSuchColumn(let name, let near, let all):
        ("there is no column \(name)", Self.guess(near) + "there are \(all.joined(separator: ", "))")
      case .mixedColumns:
        ("some columns have a sign in front and others have none", "write pid,state or +time,-pid")
      case .columnTwice(let name): ("the column \(name) is named twice", "name it once")
      case .badOrder(let text): ("\(text) is no order", "write pid, -pid, pid:asc or pid:desc")
      case .badPattern(let text, let error):
        ("the filter \(text) is no regular expression", "correct it: \(error.description)")
      }
    self.init("choosing from \(table.rawValue)", happened, remedy, .usage)
  }

  private static func guess(_ near: String?) -> String { near.map { "is it \($0)? " } ?? "" }
}
