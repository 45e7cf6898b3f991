// A path as C wants it: bytes with a zero at the end. (Embedded Swift has no file paths of its own.)

/// A path of the file system.
package struct Path: Sendable {
  private var bytes: [CChar]

  /// The path with the given text; ends at the first zero byte.
  package init(_ text: some Sequence<UInt8>) {
    bytes = []
    for byte in text {
      if byte == 0 { break }
      bytes.append(CChar(bitPattern: byte))
    }
    bytes.append(0)
  }

  /// The path of a C string.
  package init(cString: UnsafePointer<CChar>) {
    bytes = []
    var at = cString
    while at.pointee != 0 {
      bytes.append(at.pointee)
      at += 1
    }
    bytes.append(0)
  }

  /// This path with text behind it.
  package func appending(_ text: String) -> Path { Path(utf8 + Array(text.utf8)) }

  /// An entry of this directory.
  package func entry(_ name: String) -> Path { appending("/").appending(name) }

  /// The bytes without the zero.
  package var utf8: [UInt8] { bytes.dropLast().map { UInt8(bitPattern: $0) } }

  /// Number of bytes without the zero.
  package var count: Int { bytes.count - 1 }

  /// Calls C with the path.
  package func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { body($0.baseAddress!) }
  }

  /// The path as text.
  package var text: String { String(decoding: utf8, as: UTF8.self) }
}
