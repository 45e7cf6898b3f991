// The tree: worker > unit > context > what is held. Each row hangs in one place.
//
//   target    its workers; only where several targets are watched
//   worker    its units, those that are gone last; then what is held where no living unit holds it
//   unit      the contexts on its stack from bottom to top; then what it holds outside of them
//   context   what was taken in it and is still out
//
// What is in its pool, or has ended, hangs nowhere. Where things hang is found once for a model, in time that grows
// with its size and no faster; a branch that is folded costs nothing more.

import CtxtopSnapshot

/// A row of the tree.
package enum TreeRow: Sendable {
  case target(TargetRow)
  case worker(WorkerRow)
  case unit(UnitRow)
  case context(ContextRow)
  case holding(HoldingRow)

  /// Who it is.
  package var identity: RowIdentity {
    switch self {
    case .target(let row): row.identity
    case .worker(let row): row.identity
    case .unit(let row): row.identity
    case .context(let row): row.identity
    case .holding(let row): row.identity
    }
  }
}

/// A row of the tree where it is drawn.
package struct TreeNode: Sendable {
  /// The row.
  package let row: TreeRow
  /// How deep it hangs; 0: it is at the top.
  package let depth: Int
  /// Whether anything hangs on it, unfolded or not.
  package let hasChildren: Bool
  /// Whether it is the last of those that hang where it does.
  package let isLast: Bool
  /// Bit d: the row above it at depth d has others after it, so that a line runs past this one there.
  package let trunks: UInt8
}

/// Where everything of a model hangs.
package struct Hierarchy: Sendable {
  private let model: Model
  private let branches: [Branch]

  /// The tree of a model.
  package init(_ model: Model) {
    self.model = model
    branches = model.now.workers.indices.map { Branch(of: model, worker: $0) }
  }

  /// The targets, or the workers where one service is watched, in the snapshot's order.
  package var roots: [TreeRow] { Branches(of: model, workers: model.workerRows).roots }

  /// What hangs on a row, in order.
  package func children(of row: TreeRow) -> [TreeRow] {
    switch row {
    case .target(let row): row.workers.map(TreeRow.worker)
    case .worker(let row): children(ofWorker: row.index)
    case .unit(let row): children(ofUnit: row)
    case .context(let row): held(row.workerIndex, Spot(unit: row.unitIndex, context: row.index))
    case .holding: []
    }
  }

  /// The same by identity; none for a row that has left, or that is not in the tree.
  package func children(of identity: RowIdentity) -> [RowIdentity] {
    row(for: identity).map { children(of: $0).map(\.identity) } ?? []
  }

  /// The row of an identity; nil for one that has left, and for failures and verdicts.
  package func row(for identity: RowIdentity) -> TreeRow? {
    switch identity {
    case .target: model.target(for: identity).map(TreeRow.target)
    case .worker: model.worker(for: identity).map(TreeRow.worker)
    case .unit: model.unit(for: identity).map(TreeRow.unit)
    case .context: model.context(for: identity).map(TreeRow.context)
    case .connection, .session, .resource: model.holding(for: identity).map(TreeRow.holding)
    case .failure, .verdict: nil
    }
  }

  /// The row that a row hangs on; nil for those at the top, and for what hangs nowhere.
  package func parent(of row: TreeRow) -> TreeRow? {
    switch row {
    case .target: nil
    case .worker(let row): row.worker.target.flatMap { model.target(for: .target($0)) }.map(TreeRow.target)
    case .unit(let row): .worker(WorkerRow(model, worker: row.workerIndex))
    case .context(let row): .unit(row.unitRow)
    case .holding(let row): branches[row.workerIndex].spot(of: row.kind).map { self.row(at: $0, row.workerIndex) }
    }
  }

  /// The rows that are seen from top to bottom, where `isOpen` tells which are unfolded. Workers in the order given;
  /// nil: the snapshot's.
  package func nodes(workers: [WorkerRow]? = nil, isOpen: (RowIdentity) -> Bool) -> [TreeNode] {
    var nodes: [TreeNode] = []
    let top = Branches(of: model, workers: workers ?? model.workerRows)
    for (index, row) in top.roots.enumerated() {
      add(row, 0, index == top.roots.count - 1, 0, isOpen, top, to: &nodes)
    }
    return nodes
  }

  private func add(
    _ row: TreeRow, _ depth: Int, _ isLast: Bool, _ trunks: UInt8, _ isOpen: (RowIdentity) -> Bool,
    _ top: Branches, to nodes: inout [TreeNode]
  ) {
    let hasChildren = hasChildren(row)
    nodes.append(TreeNode(row: row, depth: depth, hasChildren: hasChildren, isLast: isLast, trunks: trunks))
    guard hasChildren, isOpen(row.identity) else { return }
    let children = top.workers(of: row) ?? children(of: row)
    let own = isLast ? trunks : trunks | 1 << UInt8(depth)
    for (index, child) in children.enumerated() {
      add(child, depth + 1, index == children.count - 1, own, isOpen, top, to: &nodes)
    }
  }

  private func hasChildren(_ row: TreeRow) -> Bool {
    switch row {
    case .target(let row): !row.workers.isEmpty
    case .worker(let row): !row.worker.units.isEmpty || branches[row.index].has(.worker)
    case .unit(let row): !row.unit.contexts.isEmpty || branches[row.workerIndex].has(Spot(unit: row.index))
    case .context(let row): branches[row.workerIndex].has(Spot(unit: row.unitIndex, context: row.index))
    case .holding: false
    }
  }

  private func children(ofWorker worker: Int) -> [TreeRow] {
    model.unitRows(ofWorker: worker).map(TreeRow.unit) + held(worker, .worker)
  }

  private func children(ofUnit row: UnitRow) -> [TreeRow] {
    row.unit.contexts.indices.map {
      .context(ContextRow(model, worker: row.workerIndex, unit: row.index, context: $0))
    } + held(row.workerIndex, Spot(unit: row.index))
  }

  private func held(_ worker: Int, _ spot: Spot) -> [TreeRow] {
    branches[worker].held(spot).map { .holding(HoldingRow(model, worker: worker, $0)) }
  }

  private func row(at spot: Spot, _ worker: Int) -> TreeRow {
    if spot.unit < 0 { return .worker(WorkerRow(model, worker: worker)) }
    if spot.context < 0 { return .unit(UnitRow(model, worker: worker, unit: spot.unit)) }
    return .context(ContextRow(model, worker: worker, unit: spot.unit, context: spot.context))
  }
}

/// The targets, and the workers of each in the order in which they are wanted.
private struct Branches {
  let roots: [TreeRow]
  private var workers: [String: [TreeRow]] = [:]

  init(of model: Model, workers rows: [WorkerRow]) {
    guard model.hasTargets else {
      roots = rows.map(TreeRow.worker)
      return
    }
    roots = model.targetRows.map(TreeRow.target)
    for row in rows { workers[row.worker.target ?? "", default: []].append(.worker(row)) }
  }

  /// What hangs on a target; nil: it is none.
  func workers(of row: TreeRow) -> [TreeRow]? {
    guard case .target(let row) = row else { return nil }
    return workers[row.target.name] ?? []
  }
}

/// A place in a worker where holdings can hang: a context, a unit (no context), or the worker itself (neither).
private struct Spot: Hashable {
  var unit = -1
  var context = -1

  static let worker = Spot()
}

/// Where the holdings of one worker hang.
private struct Branch: Sendable {
  private var spots: [HoldingKind: Spot] = [:]
  private var holdings: [Spot: [HoldingKind]] = [:]

  init(of model: Model, worker: Int) {
    var contexts: [UInt64: Spot]?
    for row in model.holdings(ofWorker: worker) where row.isOut {
      let spot = Self.spot(of: row, &contexts)
      spots[row.kind] = spot
      holdings[spot, default: []].append(row.kind)
    }
  }

  func spot(of kind: HoldingKind) -> Spot? { spots[kind] }
  func held(_ spot: Spot) -> [HoldingKind] { holdings[spot] ?? [] }
  func has(_ spot: Spot) -> Bool { !holdings.isEmpty && holdings[spot] != nil }

  /// `contexts` is filled in when a holder's context is not on the holder's own stack, as that of a leak is not.
  private static func spot(of row: HoldingRow, _ contexts: inout [UInt64: Spot]?) -> Spot {
    guard let holder = row.holder else { return .worker }
    let unit = row.holderUnit
    if holder.context != 0 {
      if let unit, let place = row.worker.units[unit].contexts.firstIndex(where: { $0.serial == holder.context }) {
        return Spot(unit: unit, context: place)
      }
      if contexts == nil { contexts = places(in: row.worker) }
      if let spot = contexts?[holder.context] { return spot }
    }
    guard let unit, !row.worker.units[unit].isGone else { return .worker }
    return Spot(unit: unit)
  }

  private static func places(in worker: Worker) -> [UInt64: Spot] {
    var places: [UInt64: Spot] = [:]
    for unit in worker.units.indices {
      for context in worker.units[unit].contexts.indices {
        places[worker.units[unit].contexts[context].serial] = Spot(unit: unit, context: context)
      }
    }
    return places
  }
}
