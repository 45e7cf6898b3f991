// The model's columns as the screen shows them. What a column says stands in the model's tables; here stands
// only which matter most where not all fit, and which values catch the eye.

import CtxtopModel
import CtxtopScreen

/// A column of a view, whatever its rows are.
struct ListColumn: Sendable {
  /// Its id in the model's table.
  let id: String
  /// Stands above it.
  let title: String
  /// What it says.
  let help: String
  /// Whether sorting by it begins with the greatest.
  let isDescending: Bool
  private let width: Int
  private let share: Int
  private let alignment: CtxtopScreen.Alignment
  private let importance: Int

  private init<Row>(_ column: Column<Row>, importance: Int) {
    id = column.id
    title = column.title
    help = column.description
    isDescending = column.isDescending
    // The text at the right end needs room to say something.
    width = column.id == "now" ? 22 : column.width
    share = column.weight
    alignment = column.alignment == .left ? .left : .right
    self.importance = importance
  }

  /// The columns of a view that a screen may show, from left to right.
  static func all(of view: ViewKind) -> [ListColumn] {
    switch view {
    case .workers: workerColumns
    case .failures: failureColumns
    case .verdicts: verdictColumns
    }
  }

  /// How the column is laid out; `width` where its contents are known to be narrower.
  func tableColumn(sorting: TableColumn.Sorting?, width: Int? = nil) -> TableColumn {
    var column = TableColumn(
      title, width: width ?? self.width, alignment: alignment, weight: importance, share: share, sorting: sorting)
    // A request may be cut, but not for how long it has been served.
    column.tail = id == "now" ? 9 : 0
    return column
  }

  private static let workerColumns = visible(
    in: .workers,
    mostImportant: [
      "pid", "state", "contexts_leaked", "connections_checked_out", "teardown_failures", "requests_per_second",
      "in_flight", "latency_p99", "now", "depth_app", "rss_bytes", "uptime", "depth_request",
    ])
  private static let failureColumns = visible(
    in: .failures, mostImportant: ["function", "count", "exception", "pid", "last_age", "request", "skipped"])
  private static let verdictColumns = visible(
    in: .verdicts, mostImportant: ["code", "message", "pid", "age", "count", "severity", "unit"])

  private static func visible<Row>(in table: CtxtopModel.Table<Row>, mostImportant ids: [String]) -> [ListColumn] {
    table.columns.filter { $0.presence < .file }.map { column in
      ListColumn(column, importance: 100 - (ids.firstIndex(of: column.id) ?? 50))
    }
  }

  /// The worker columns of the given ids.
  static func workers(_ ids: [String]) -> [Column<WorkerRow>] { columns(ids, of: workerTable) }
  /// The failure columns of the given ids.
  static func failures(_ ids: [String]) -> [Column<FailureRow>] { columns(ids, of: failureTable) }
  /// The verdict columns of the given ids.
  static func verdicts(_ ids: [String]) -> [Column<VerdictRow>] { columns(ids, of: verdictTable) }

  // Made once: the tables are computed anew each time that they are asked for.
  private static let workerTable = CtxtopModel.Table<WorkerRow>.workers
  private static let failureTable = CtxtopModel.Table<FailureRow>.failures
  private static let verdictTable = CtxtopModel.Table<VerdictRow>.verdicts

  private static func columns<Row>(_ ids: [String], of table: CtxtopModel.Table<Row>) -> [Column<Row>] {
    ids.compactMap(table.column)
  }
}

extension Column {
  /// A row's cell. What is zero or not known recedes, as does all of a row that shows the past.
  func span(of row: Row, isPast: Bool, look: Look) -> Span {
    let value = value(row)
    return Span(Format.screen(value), look[role(of: value, isPast: isPast)])
  }

  private func role(of value: Value, isPast: Bool) -> Role {
    switch value {
    case .state(let name, let level):
      return WorkerState(rawValue: name)?.role ?? (isPast ? .dim : level.role)
    case .unknown, .integer(0), .real(0), .share(0, _): return .dim
    case _ where isPast: return .dim
    default: return Self.alarming[id] ?? .text
    }
  }

  /// Columns in which anything but zero is bad news.
  private static var alarming: [String: Role] {
    ["contexts_leaked": .critical, "contexts_reused": .warning, "teardown_failures": .warning]
  }
}
