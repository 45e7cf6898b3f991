// A path as C wants it: bytes with a zero at the end. (Embedded Swift has no file paths of its own.)
//
// Paths are put together by a few functions that are not generic and not inlined: each other way to do it -
// interpolation, appending sequences - is some kilobytes of the extension.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

/// A path of the file system.
package struct Path: Sendable {
  /// The path with its zero.
  private var bytes: [CChar] = [0]

  /// The path with the given text; ends at the first zero byte.
  package init(_ text: String) { add(text) }

  /// The path of a C string.
  package init(cString: UnsafePointer<CChar>) { add(UnsafeRawBufferPointer(start: cString, count: strlen(cString))) }

  /// This path with text behind it.
  @inline(never)
  package func appending(_ text: String) -> Path {
    var longer = self
    longer.add(text)
    return longer
  }

  /// This path with another one behind it.
  @inline(never)
  package func appending(_ other: Path) -> Path {
    var longer = self
    other.withCString { longer.add(UnsafeRawBufferPointer(start: $0, count: other.count)) }
    return longer
  }

  /// This path with a number in decimal behind it.
  @inline(never)
  package func appending(_ number: UInt64) -> Path {
    var longer = number < 10 ? self : appending(number / 10)
    longer.add(UInt8(truncatingIfNeeded: 48 &+ number % 10))
    return longer
  }

  /// An entry of this directory.
  @inline(never)
  package func entry(_ name: String) -> Path { appending("/").appending(name) }

  /// Whether it begins at the root.
  package var isAbsolute: Bool { bytes[0] == 47 /* "/" */ }

  /// Number of bytes without the zero.
  package var count: Int { bytes.count - 1 }

  /// Calls C with the path.
  package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// The path as text.
  package var text: String { withCString { String.repairing(UnsafeRawBufferPointer(start: $0, count: count)) } }

  @inline(never)
  private mutating func add(_ text: String) {
    _ = text.withBytes { add($0) }
  }

  private mutating func add(_ text: UnsafeRawBufferPointer) {
    for byte in text {
      if byte == 0 { return }
      add(byte)
    }
  }

  private mutating func add(_ byte: UInt8) {
    bytes[bytes.count - 1] = CChar(bitPattern: byte)
    bytes.append(0)
  }
}
