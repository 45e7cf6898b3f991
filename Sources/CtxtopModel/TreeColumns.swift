// The table of the tree: what can be said of a worker, a unit, a context and what is held alike.

import CtxtopSnapshot

extension Table where Row == TreeRow {
  /// The table of the tree.
  package static var tree: Table<TreeRow> {
    Table(name: "tree", title: "Tree", columns: [row, state, age, what])
  }

  private static var row: Column<TreeRow> {
    Column(
      "row", "WORKER > UNIT > CONTEXT > CONNECTION", "what it is, below what it belongs to", alignment: .left,
      width: 34, weight: 1, isDescending: false
    ) { .text($0.name) }
  }

  private static var state: Column<TreeRow> {
    Column("state", "STATE", "its state", alignment: .left, width: 11) {
      switch $0 {
      case .target(let row): .state(row.target.state.rawValue, row.target.state.level)
      case .worker(let row): .state(row.condition.state.rawValue, row.condition.state.level)
      case .unit(let row): .state(row.state.rawValue, row.state.level)
      case .context(let row): .state(row.shownState.rawValue, row.shownState.level)
      case .holding(let row): .state(row.state.name, row.state.level)
      }
    }
  }

  private static var age: Column<TreeRow> {
    Column("age", "AGE", "how long it is up, is serving, is on the stack, is held", unit: "ns", width: 6) {
      switch $0 {
      case .target: return .unknown
      case .worker(let row):
        let (started, now) = (row.worker.started, row.model.now.wallTime)
        return started > 0 && started <= now ? .age(now - started) : .unknown
      case .unit(let row): return row.requestAge.map { .age($0) } ?? .unknown
      case .context(let row): return .age(row.model.now.age(of: row.context.pushed))
      case .holding(let row): return row.since > 0 ? .age(row.model.now.age(of: row.since)) : .unknown
      }
    }
  }

  private static var what: Column<TreeRow> {
    Column(
      "what", "WHAT", "what it serves, who pushed it, who holds it", alignment: .left, width: 20, weight: 2,
      isDescending: false
    ) { $0.what.map { .text($0) } ?? .unknown }
  }
}

extension TargetRow {
  /// `shop@prod-3, 4 workers`; why nothing comes from it.
  fileprivate var what: String {
    let target = target
    if !target.reason.isEmpty { return target.reason }
    if target.service.isEmpty { return target.state.meaning }
    return "\(target.service)@\(target.host), \(Format.count(UInt64(present), "worker", "workers"))"
  }
}

extension TreeRow {
  /// `worker 4312`, `thread 7`, `app context`, `connection 3`.
  package var name: String {
    switch self {
    case .target(let row): row.target.name
    case .worker(let row): "worker \(row.worker.pid)"
    case .unit(let row): "\(row.unit.kind.name) \(row.unit.id)"
    case .context(let row): "\(row.context.kind == .app ? "app" : "request") context"
    case .holding(let row): "\(row.kindName) \(row.resource?.name ?? "\(row.id)")"
    }
  }

  /// What it serves, who pushed it, who holds it; nil: nothing is known of that.
  fileprivate var what: String? {
    switch self {
    case .target(let row): row.what
    case .worker(let row): "\(row.worker.inFlight) in flight"
    case .unit(let row): row.unit.request?.label.text
    case .context(let row): row.context.label?.text ?? row.context.frame
    case .holding(let row):
      row.holder.map { [$0.label?.text ?? "", $0.frame].filter { !$0.isEmpty }.joined(separator: " at ") }
    }
  }
}
