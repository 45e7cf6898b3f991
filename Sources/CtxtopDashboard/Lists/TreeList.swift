// The tree: target where there are several > worker > unit > context > connection, with the stack drawn as a stack. Its rows are those of other views;
// here stand the order, the branches that are unfolded, and the lines that lead to each row.

import CtxtopModel
import CtxtopPattern
import CtxtopScreen
import CtxtopSelection
import CtxtopSnapshot

/// The tree's definition.
struct TreeDefinition: ListDefining {
  static let table = CtxtopModel.Table<TreeRow>.tree

  let columns = table.columns.enumerated().map { ListColumn($1, importance: 100 - [0, 10, 30, 20][$0]) }
  let emptyText = "no worker is attached"

  func rows(of model: Model, _ state: ListState, branches: [RowIdentity: Bool]) -> any RowList {
    let tree = Hierarchy(model)
    let workers = model.workerRows.worstFirst { $0.condition.state.level }
    let isSmall = workers.count == 1
    let nodes = tree.nodes(workers: workers) { identity in
      if state.filter != nil { return true }
      return branches[identity] ?? Self.isOpen(identity, in: model, isSmall: isSmall)
    }
    return TreeRows(tree, nodes: nodes.sorted(by: state.sort), filter: state.filter)
  }

  /// Before anybody folds anything: all that hangs on workers with which something is wrong.
  private static func isOpen(_ identity: RowIdentity, in model: Model, isSmall: Bool) -> Bool {
    guard case .worker = identity else { return true }
    return isSmall || model.worker(for: identity).map { $0.condition.state.level >= .warning } ?? false
  }
}

/// The rows of the tree that are seen.
struct TreeRows: RowList {
  /// A row, and the lines that lead to it.
  private struct Branch {
    let node: TreeNode
    /// Whether no other row of its depth follows below the same one.
    let isLast: Bool
    /// Bit d: a line runs past it at depth d.
    let trunks: UInt8
    /// Whether what hangs on it is shown.
    let isOpen: Bool
  }

  /// Where everything hangs; kept, for finding that out takes as long as drawing ten screens.
  let hierarchy: Hierarchy
  private let branches: [Branch]
  let total: Int

  /// Those that a filter means, and those that they hang on.
  init(_ hierarchy: Hierarchy, nodes: [TreeNode], filter: Pattern?) {
    self.hierarchy = hierarchy
    total = nodes.count
    filter?.beginPass()
    let words = filter.map { RowWords($0, table: TreeDefinition.table) }
    var kept: [Branch] = []
    var later: UInt8 = 0
    var needed = 0
    var below = 0
    for node in nodes.reversed() {
      defer { below = node.depth }
      let isMeant = words?.match(node.row) ?? true
      guard isMeant || node.depth < needed else { continue }
      // All rows on the way to the top are needed from here on.
      needed = node.depth
      let own = UInt8(1) << UInt8(node.depth)
      kept.append(Branch(node: node, isLast: later & own == 0, trunks: later & (own - 1), isOpen: below > node.depth))
      later = (later | own) & (own | (own - 1))
    }
    branches = kept.reversed()
  }

  var count: Int { branches.count }

  /// Whether a row can be folded, and whether it is.
  func folding(at index: Int) -> (canFold: Bool, isOpen: Bool) {
    (branches[index].node.hasChildren, branches[index].isOpen)
  }

  func identity(at index: Int) -> RowIdentity { branches[index].node.row.identity }

  func index(of identity: RowIdentity) -> Int? {
    branches.firstIndex { $0.node.row.identity == identity }
  }

  func nearest(_ pattern: Pattern, from start: Int, by step: Int) -> Int? {
    let words = RowWords(pattern, table: TreeDefinition.table)
    let count = count
    guard count > 0 else { return nil }
    pattern.beginPass()
    return (0..<count).lazy.map { ((start + $0 * step) % count + count) % count }
      .first { words.match(branches[$0].node.row) }
  }

  func tableRows(_ range: Range<Int>, columns ids: [String], look: Look) -> [TableRow] {
    let columns = ids.compactMap(TreeDefinition.table.column)
    return range.map { index in
      let branch = branches[index]
      let cells = columns.map { column in
        var span = column.span(of: branch.node.row, isPast: branch.node.row.isPast, look: look)
        if column.id == "row" { span.text = lines(to: branch, look.shapes) + span.text }
        return span
      }
      return TableRow(cells, mark: branch.node.row.level.mark(look))
    }
  }

  func text(at index: Int) -> String {
    RowText.of(TreeDefinition.table.columns.map { ($0.id, $0.value(branches[index].node.row)) })
  }

  /// `│ ├─▾ `: the lines that lead to a row, and whether it is folded.
  private func lines(to branch: Branch, _ shapes: Shapes) -> String {
    let depth = branch.node.depth
    var text = ""
    for level in 1..<max(1, depth) {
      text += branch.trunks & (1 << UInt8(level)) != 0 ? shapes.tree.line : shapes.tree.blank
    }
    if depth > 0 { text += branch.isLast ? shapes.tree.lastBranch : shapes.tree.branch }
    guard branch.node.hasChildren else { return text + (depth > 0 ? " " : "  ") }
    return text + "\(branch.isOpen ? shapes.unfolded : shapes.folded) "
  }
}

extension TreeRow {
  /// How good or bad its state is.
  var level: StateLevel {
    switch self {
    case .target(let row): row.target.state.level
    case .worker(let row): row.condition.state.level
    case .unit(let row): row.state.level
    case .context(let row): row.shownState.level
    case .holding(let row): row.state.level
    }
  }

  /// Whether it shows the past.
  var isPast: Bool {
    switch self {
    case .target: false
    case .worker(let row): row.condition.state.isPast
    case .unit(let row): row.unit.isGone
    case .context, .holding: false
    }
  }
}
