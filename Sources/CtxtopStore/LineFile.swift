// A text file by its lines, without holding more of it than one: several documents are a line each. Read by calls and
// never mapped: a mapped file that somebody cuts would end the program.

import Glibc

/// The lines of a file that are not blank.
package final class LineFile {
  /// A file may have so many lines.
  package static let lineLimit = 1_000_000
  private static let chunk = 1 << 20

  /// Where it was opened.
  package let path: String
  /// Where the lines lie in the file, in its order.
  package private(set) var lines: [Range<UInt64>] = []
  /// Length of the file when it was opened.
  package private(set) var byteCount: UInt64 = 0
  /// Whether it has more lines than it may have.
  package private(set) var hasTooMany = false
  private let descriptor: Int32

  /// Opens a file and finds its lines.
  package init(path: String) throws(StoreError) {
    self.path = path
    do {
      descriptor = try System.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
    } catch {
      throw .system(error, path: path)
    }
    try find()
  }

  deinit { System.close(descriptor) }

  /// The bytes of a range, or as many as there are; at most `limit`.
  package func bytes(_ range: Range<UInt64>, limit: Int = .max) throws(StoreError) -> [UInt8] {
    do {
      return try System.read(descriptor, at: range.lowerBound, count: min(Int(clamping: range.count), limit))
    } catch {
      throw .system(error, path: path)
    }
  }

  private func find() throws(StoreError) {
    var start: UInt64 = 0
    var isBlank = true
    while true {
      let part = try bytes(byteCount..<(byteCount + UInt64(Self.chunk)))
      if part.isEmpty { break }
      for (index, byte) in part.enumerated() {
        if byte == 0x0A {
          add(start..<(byteCount + UInt64(index)), isBlank)
          (start, isBlank) = (byteCount + UInt64(index) + 1, true)
          if hasTooMany { return }
        } else if byte > 0x20 {
          isBlank = false
        }
      }
      byteCount += UInt64(part.count)
    }
    add(start..<byteCount, isBlank)
  }

  private func add(_ line: Range<UInt64>, _ isBlank: Bool) {
    guard !isBlank else { return }
    if lines.count < Self.lineLimit { lines.append(line) } else { hasTooMany = true }
  }
}
