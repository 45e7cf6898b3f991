// CRC32C (Castagnoli) in software. The table is made anew for each long run: a few microseconds, and no
// global that an embedded build would initialise behind a spin lock that a fork can leave taken.

enum RecordChecksum {
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// The checksum of few bytes, without a table.
  static func ofFew(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes { crc = (crc &>> 8) ^ remainder((crc ^ UInt32(byte)) & 0xFF) }
    return ~crc
  }

  /// The checksum of many bytes, eight at a time.
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    if bytes.count < 1024 { return ofFew(bytes) }
    return makeTable().withUnsafeBufferPointer { table in
      var crc = ~UInt32(0)
      var index = 0
      while index &+ 8 <= bytes.count {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
        crc =
          table[1792 &+ Int(word & 0xFF)] ^ table[1536 &+ Int((word &>> 8) & 0xFF)]
          ^ table[1280 &+ Int((word &>> 16) & 0xFF)] ^ table[1024 &+ Int((word &>> 24) & 0xFF)]
        crc ^=
          table[768 &+ Int((word &>> 32) & 0xFF)] ^ table[512 &+ Int((word &>> 40) & 0xFF)]
          ^ table[256 &+ Int((word &>> 48) & 0xFF)] ^ table[Int(word &>> 56)]
        index &+= 8
      }
      while index < bytes.count {
        crc = (crc &>> 8) ^ table[Int((crc ^ UInt32(bytes[index])) & 0xFF)]
        index &+= 1
      }
      return ~crc
    }
  }

  private static func remainder(_ byte: UInt32) -> UInt32 {
    var value = byte
    for _ in 0..<8 { value = (value &>> 1) ^ (value & 1 == 0 ? 0 : polynomial) }
    return value
  }

  /// Eight tables of 256: table k holds the remainders of a byte followed by k zero bytes.
  private static func makeTable() -> [UInt32] {
    var table: [UInt32] = []
    table.reserveCapacity(2048)
    for byte in 0..<256 { table.append(remainder(UInt32(byte))) }
    for index in 256..<2048 {
      let previous = table[index &- 256]
      table.append((previous &>> 8) ^ table[Int(previous & 0xFF)])
    }
    return table
  }
}
