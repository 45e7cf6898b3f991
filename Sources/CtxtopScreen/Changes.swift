// What differs between two screens. A terminal is handed these runs and nothing else.

import Glibc

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
    for y in 0..<size.height where !hasSameBytes(inRow: y, as: earlier) {
      appendChanges(ofRow: y, since: earlier, to: &runs)
    }
    return runs
  }

  /// Most rows of most screens are as they were, which comparing memory shows at once: cells of the same bytes look the
  /// same. Those of other bytes may do so as well, since there is room between the fields.
  private func hasSameBytes(inRow y: Int, as earlier: Buffer) -> Bool {
    let length = size.width * MemoryLayout<Cell>.stride
    return cells.withUnsafeBytes { cells in
      earlier.cells.withUnsafeBytes { earlier in
        guard let cells = cells.baseAddress, let earlier = earlier.baseAddress else { return true }
        return memcmp(cells + y * length, earlier + y * length, length) == 0
      }
    }
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
