// Strings from bytes and bytes from strings, without what the library brings along for strings that are not
// UTF-8 inside: that would be a tenth of the extension.

extension String {
  /// Calls `body` with the text's bytes; nil: the string is not stored as UTF-8, which none is on Linux.
  package func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
    utf8.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) }
  }

  /// The text of bytes that should be UTF-8. A character that the end has cut in two is left out; in bytes that
  /// are no UTF-8 all the same, each one beyond ASCII becomes `?`.
  @inline(never)
  package static func repairing(_ bytes: UnsafeRawBufferPointer) -> String {
    let units = bytes.assumingMemoryBound(to: UInt8.self)
    for cut in 0...Swift.min(3, units.count) {
      if cut > 0, units[units.count - cut] < 0x80 { break }
      let kept = UnsafeBufferPointer(rebasing: units[..<(units.count - cut)])
      if let text = String(validating: kept, as: UTF8.self) { return text }
    }
    var ascii: [UInt8] = []
    ascii.reserveCapacity(bytes.count)
    for byte in bytes { ascii.append(byte < 0x80 ? byte : UInt8(ascii: "?")) }
    return ascii.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) } ?? ""
  }
}
