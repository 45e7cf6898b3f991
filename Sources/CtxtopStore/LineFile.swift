// A text file by its lines, without holding more of it than one: several documents are a line each. Read by calls and
// never mapped: a mapped file that somebody cuts would end the program.

import Glibc

/// The lines of a file that are not blank.
package final class LineFile {
  /// A file may have so many lines.
  package static let lineLimit = 1_000_000
  private static let chunk = 1 << 20
  /// What is longer than this is no line of anybody's: the rest of such a file is not looked at.
  private static let longestLine: UInt64 = 256 << 20

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
      part.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !hasTooMany {
          let end = rest.firstNewline ?? rest.endIndex
          isBlank = isBlank && rest[..<end].allSatisfy { $0 <= 0x20 }
          if end == rest.endIndex { break }
          add(start..<(byteCount + UInt64(end)), isBlank)
          (start, isBlank) = (byteCount + UInt64(end) + 1, true)
          rest = rest[(end + 1)...]
        }
      }
      if hasTooMany { return }
      byteCount += UInt64(part.count)
      if byteCount - start > Self.longestLine { break }
    }
    add(start..<byteCount, isBlank)
  }

  private func add(_ line: Range<UInt64>, _ isBlank: Bool) {
    guard !isBlank else { return }
    if lines.count < Self.lineLimit { lines.append(line) } else { hasTooMany = true }
  }
}

extension Slice<UnsafeRawBufferPointer> {
  /// Where the first newline is. Found by the library: files are long.
  fileprivate var firstNewline: Int? {
    let part = UnsafeRawBufferPointer(rebasing: self)
    guard let start = part.baseAddress, let place = memchr(start, 0x0A, part.count) else { return nil }
    return startIndex + (UnsafeRawPointer(place) - start)
  }
}
