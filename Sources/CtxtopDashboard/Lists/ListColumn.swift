// The model's columns as the screen shows them. What a column says stands in the model's tables; here stands
// only which matter most where not all fit, and which values catch the eye.

import CtxtopModel
import CtxtopScreen
import CtxtopSettings

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
  /// Whether it is shown unless somebody chooses columns.
  let isUsual: Bool
  /// Whether it is shown only where several targets are watched.
  let isOfSeveral: Bool
  private let width: Int
  private let share: Int
  private let alignment: CtxtopScreen.Alignment
  private let importance: Int

  /// `width`: cells that it takes at least, where its texts need more than its table says.
  init<Row>(_ column: Column<Row>, importance: Int, width: Int? = nil) {
    id = column.id
    title = column.title
    help = column.description
    isDescending = column.isDescending
    isUsual = column.presence != .file
    isOfSeveral = column.presence == .several
    self.width = width ?? column.width
    share = column.weight
    alignment = column.alignment == .left ? .left : .right
    self.importance = importance
  }

  /// The columns of a view that a screen may show, from left to right; `chosen`: those that somebody wants, by id and
  /// in the order in which they are wanted; `several`: whether several targets are watched.
  static func all(of view: ViewName, chosen: [String]? = nil, several: Bool) -> [ListColumn] {
    let columns = view.definition.columns.filter { several || !$0.isOfSeveral }
    guard let chosen else { return columns.filter(\.isUsual) }
    return chosen.compactMap { id in columns.first { $0.id == id } }
  }

  /// How the column is laid out; `width` where its contents are known to be narrower.
  func tableColumn(sorting: TableColumn.Sorting?, width: Int? = nil) -> TableColumn {
    var column = TableColumn(
      title, width: width ?? self.width, alignment: alignment, weight: importance, share: share, sorting: sorting)
    // A request may be cut, but not for how long it has been served.
    column.tail = id == "now" ? 9 : 0
    return column
  }
}

extension Column {
  /// How it looks when it has something to say.
  var role: Role { alarmingColumns[id] ?? .text }

  /// A row's cell.
  func span(of row: Row, isPast: Bool, look: Look) -> Span {
    Span(value(row), role, isPast: isPast, look: look)
  }
}

extension Span {
  /// A value of a cell. What is zero or not known recedes, as does all of a row that shows the past.
  init(_ value: Value, _ usual: Role, isPast: Bool, look: Look) {
    self.init(Format.screen(value), look[Self.role(of: value, usual, isPast: isPast)])
  }

  private static func role(of value: Value, _ usual: Role, isPast: Bool) -> Role {
    switch value {
    case .state(let name, let level):
      return WorkerState(rawValue: name)?.role ?? (isPast ? .dim : level.role)
    case .unknown, .integer(0), .real(0), .share(0, _): return .dim
    case _ where isPast: return .dim
    default: return usual
    }
  }
}

/// Columns in which anything but zero is bad news.
private let alarmingColumns: [String: Role] = [
  "contexts_leaked": .critical, "contexts_reused": .warning, "teardown_failures": .warning,
]
