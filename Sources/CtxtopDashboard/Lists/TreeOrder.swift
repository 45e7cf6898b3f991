// The order of the tree: siblings by a column, and what hangs on a row stays with it.

import CtxtopModel

extension [TreeNode] {
  /// The same tree with its siblings in an order. The contexts of a stack stay a stack, below what else hangs there.
  func sorted(by sort: SortOrder) -> [TreeNode] {
    guard sort != SortOrder() else { return self }
    let places = places(by: sort)
    var children = [[Int]](repeating: [], count: count + 1)
    // The way from the top to the row before; the last list is that of the rows at the top.
    var way: [Int] = []
    for (index, node) in enumerated() {
      way.removeLast(way.count - Swift.min(way.count, node.depth))
      children[way.last ?? count].append(index)
      way.append(index)
    }
    var sorted: [TreeNode] = []
    sorted.reserveCapacity(count)
    func add(_ siblings: [Int]) {
      for index in siblings.sorted(by: { places[$0] < places[$1] }) {
        sorted.append(self[index])
        add(children[index])
      }
    }
    add(children[count])
    return sorted
  }

  /// Each row's place among its siblings: contexts first and as they are, units before what hangs beside them.
  private func places(by sort: SortOrder) -> [Int] {
    var order = Array<Int>(indices)
    if let id = sort.column, let column = TreeDefinition.table.column(id) {
      order = column.order(of: map(\.row), descending: sort.isDescending)
    } else if sort.isDescending {
      order.reverse()
    }
    var places = [Int](repeating: 0, count: count)
    for (place, index) in order.enumerated() {
      switch self[index].row {
      case .context: places[index] = index - count
      case .target, .worker, .unit: places[index] = place
      case .holding: places[index] = place + count
      }
    }
    return places
  }
}
