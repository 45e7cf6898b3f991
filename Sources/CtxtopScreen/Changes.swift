// What differs between two screens. A terminal is handed these runs and nothing else.

/// Neighbouring cells of one row that changed.
package struct Run: Equatable, Sendable {
  /// The row.
  package var y: Int
  /// The columns; the first is never the right half of a wide character, the last never its left half alone.
  package var columns: Range<Int>

  /// A run of the given columns of a row.
  package init(y: Int, columns: Range<Int>) {
    self.y = y
    self.columns = columns
  }
}

extension Buffer {
  /// The runs in which this screen differs from an earlier one; all of it when the sizes differ.
  package func changes(since earlier: Buffer?) -> [Run] {
    guard let earlier, earlier.size == size else {
      return size.width == 0 ? [] : (0..<size.height).map { Run(y: $0, columns: 0..<size.width) }
    }
    var runs: [Run] = []
    for y in 0..<size.height {
      appendChanges(ofRow: y, since: earlier, to: &runs)
    }
    return runs
  }

  private func appendChanges(ofRow y: Int, since earlier: Buffer, to runs: inout [Run]) {
    let row = y * size.width
    var x = 0
    while x < size.width {
      guard cells[row + x] != earlier.cells[row + x] else {
        x += 1
        continue
      }
      let start = cells[row + x].width == 0 && x > 0 ? x - 1 : x
      while x < size.width, cells[row + x] != earlier.cells[row + x] || cells[row + x].width == 0 {
        x += 1
      }
      runs.append(Run(y: y, columns: start..<x))
    }
  }
}
