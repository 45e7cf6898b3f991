// Which numbers are remembered: of the service, and of each kind of row. Those of rows are columns of the model's
// tables, by their ids.

import CtxtopModel
import CtxtopSnapshot

/// What a number counts, and so how it is written.
package enum NumberKind: Sendable {
  case count, rate, duration, bytes, percent

  /// A value as the screen shows it; nil: not known.
  package func text(_ value: Double?) -> String {
    guard let value, value.isFinite else { return Format.unknown }
    let whole = UInt64(min(max(0, value), 1e18))
    switch self {
    case .count: return Format.screen(.integer(whole))
    case .rate: return Format.screen(.real(value))
    case .duration: return Format.screen(.duration(whole))
    case .bytes: return Format.screen(.bytes(whole))
    case .percent: return Format.screen(.percent(value))
    }
  }
}

/// What a number is called.
package struct NumberLabel: Equatable, Sendable {
  /// Its name.
  package let title: String
  /// How it is written.
  package let kind: NumberKind
}

/// A number of `Subject`s that is remembered.
struct Number<Subject>: Sendable {
  let label: NumberLabel
  /// Its value; nil: not known.
  let value: @Sendable (Subject) -> Double?

  init(_ title: String, _ kind: NumberKind, value: @escaping @Sendable (Subject) -> Double?) {
    label = NumberLabel(title: title, kind: kind)
    self.value = value
  }

  /// The number of a column.
  init(_ column: Column<Subject>) {
    let value = column.value
    self.init(column.title.lowercased(), NumberKind(unit: column.unit)) { value($0).number }
  }

  /// The numbers of a table's columns.
  static func columns(_ ids: [String], of table: CtxtopModel.Table<Subject>) -> [Number] {
    ids.compactMap { table.column($0).map { Number($0) } }
  }
}

/// The service's numbers; the raw value is the index in its series.
package enum ServiceNumber: Int, CaseIterable, Sendable {
  case requests, p50, p99, inFlight, errors, contexts, leaked, reused, connections, teardownFailures, workers

  /// What it is called.
  package var label: NumberLabel { number.label }

  /// Its value.
  func value(of model: Model) -> Double? { number.value(model) }

  private var number: Number<Model> { ServiceNumber.table[rawValue] }

  private static let table: [Number<Model>] = allCases.map { number in
    switch number {
    case .requests: Number("requests/s", .rate) { $0.totals.rates?.requests }
    case .p50: Number("p50", .duration) { ($0.totals.rates?.p50).map { Double($0) } }
    case .p99: Number("p99", .duration) { ($0.totals.rates?.p99).map { Double($0) } }
    case .inFlight: Number("in flight", .count) { Double($0.totals.inFlight) }
    case .errors: Number("errors/s", .rate) { $0.totals.rates?.exceptions }
    case .contexts: Number("contexts live", .count) { Double($0.totals.contextsLive) }
    case .leaked: Number("contexts leaked", .count) { Double($0.totals.contextsLeaked) }
    case .reused: Number("contexts reused/s", .rate) { $0.reusedPerSecond }
    case .connections: Number("connections out", .count) { Double($0.totals.connectionsCheckedOut) }
    case .teardownFailures: Number("teardown failures/s", .rate) { $0.totals.rates?.teardownFailures }
    case .workers: Number("workers", .count) { Double($0.totals.workers) }
    }
  }
}

/// The numbers of rows.
enum RowNumbers {
  /// Of a worker.
  static let worker = Number.columns(WorkerNumbers.columns, of: CtxtopModel.Table<WorkerRow>.workers)
  private static let unit = Number.columns(
    ["requests_per_second", "request_age", "depth_app", "depth_request"], of: CtxtopModel.Table<UnitRow>.units)
  private static let context = Number.columns(
    ["requests_served", "holds"], of: CtxtopModel.Table<ContextRow>.contexts)
  private static let holding = Number.columns(["age"], of: CtxtopModel.Table<HoldingRow>.connections)
  private static let failure = Number.columns(["count"], of: CtxtopModel.Table<FailureRow>.failures)
  private static let verdict = Number.columns(["count"], of: CtxtopModel.Table<VerdictRow>.verdicts)

  /// What the numbers of a row are called.
  static func labels(of identity: RowIdentity) -> [NumberLabel] {
    switch identity {
    case .target: []
    case .worker: worker.map(\.label)
    case .unit: unit.map(\.label)
    case .context: context.map(\.label)
    case .connection, .session, .resource: holding.map(\.label)
    case .failure: failure.map(\.label)
    case .verdict: verdict.map(\.label)
    }
  }

  /// Their values; nil: the row is not there.
  static func values(of identity: RowIdentity, in model: Model) -> [Double?]? {
    switch identity {
    case .target: nil
    case .worker: model.worker(for: identity).map { row in worker.map { $0.value(row) } }
    case .unit: model.unit(for: identity).map { row in unit.map { $0.value(row) } }
    case .context: model.context(for: identity).map { row in context.map { $0.value(row) } }
    case .connection, .session, .resource: model.holding(for: identity).map { row in holding.map { $0.value(row) } }
    case .failure: model.failure(for: identity).map { row in failure.map { $0.value(row) } }
    case .verdict: model.verdict(for: identity).map { row in verdict.map { $0.value(row) } }
    }
  }
}

extension NumberKind {
  /// The kind of a column's raw values.
  fileprivate init(unit: String?) {
    switch unit {
    case "ns": self = .duration
    case "1/s": self = .rate
    case "bytes": self = .bytes
    case "percent": self = .percent
    default: self = .count
    }
  }
}

extension Value {
  /// The number that it is; nil for texts and what is not known.
  fileprivate var number: Double? {
    switch self {
    case .integer(let value), .duration(let value), .age(let value), .uptime(let value), .bytes(let value),
      .share(let value, _):
      Double(value)
    case .real(let value), .percent(let value): value
    case .unknown, .identifier, .time, .text, .state: nil
    }
  }
}
