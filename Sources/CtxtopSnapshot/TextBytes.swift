// Strings from bytes and bytes from strings, without what the library brings along for strings that are not
// UTF-8 inside: that would be a tenth of the extension.

extension String {
  /// Calls `body` with the text's bytes; nil: the string is not stored as UTF-8, which none is on Linux.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
  }

  /// The text of bytes that should be UTF-8. In bytes that are not, each one beyond ASCII becomes `?`.
  @inline(never)
  package init(repairing bytes: UnsafeRawBufferPointer) {
    let units = bytes.assumingMemoryBound(to: UInt8.self)
    if let text = String(validating: units, as: UTF8.self) {
      self = text
      return
    }
    var ascii: [UInt8] = []
    ascii.reserveCapacity(bytes.count)
    for byte in bytes { ascii.append(byte < 0x80 ? byte : UInt8(ascii: "?")) }
    self = ascii.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) } ?? ""
  }
}
