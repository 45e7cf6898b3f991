// Folding and unfolding branches of the tree.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot
import CtxtopSettings

extension State {
  mutating func fold(_ folding: Folding) {
    guard view == .tree, let tree = list as? TreeRows, tree.count > 0, let identity = selection.identity else { return }
    let (canFold, isOpen) = tree.folding(at: selection.index)
    switch folding {
    case .unfold:
      if canFold { branches[identity] = true }
    case .fold where canFold && isOpen:
      branches[identity] = false
    case .fold:
      return reveal(parent(of: identity))
    case .all: foldAll(tree)
    }
    rebuildRows()
  }

  /// Unfolds the branches above a row, so that it can be seen.
  mutating func unfold(to identity: RowIdentity) {
    var next = parent(of: identity)
    while let branch = next {
      branches[branch] = true
      next = parent(of: branch)
    }
    rebuildRows()
  }

  /// Folds everything, or unfolds everything when all is folded.
  private mutating func foldAll(_ tree: TreeRows) {
    let isFolded = !(0..<tree.count).contains { tree.folding(at: $0).isOpen }
    branches = [:]
    for node in tree.hierarchy.nodes(isOpen: { _ in true }) where node.hasChildren {
      branches[node.row.identity] = isFolded
    }
    if !isFolded, let identity = selection.identity, let worker = identity.workerKey {
      let target = model?.worker(for: .worker(worker))?.worker.target
      selection.identity = target.map { .target($0) } ?? .worker(worker)
    }
  }

  private func parent(of identity: RowIdentity) -> RowIdentity? {
    guard let hierarchy = (list as? TreeRows)?.hierarchy else { return nil }
    return hierarchy.row(for: identity).flatMap(hierarchy.parent)?.identity
  }
}
