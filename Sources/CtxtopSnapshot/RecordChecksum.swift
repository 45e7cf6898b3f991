// CRC32C (Castagnoli): by the processor's instruction. Processors without it are older than 2010: for them it is
// reckoned bit by bit, which is slow and right.

import CCtxtop

package enum RecordChecksum {
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// The checksum of some bytes.
  @inline(never)
  package static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    if ctxtop_has_crc32c() == 0 { return inSoftware(bytes) }
    guard let start = bytes.baseAddress else { return 0 }
    return ~ctxtop_crc32c(~0, start, bytes.count)
  }

  /// The same on a processor without the instruction.
  @inline(never)
  package static func inSoftware(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var crc = ~UInt32(0)
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = (crc &>> 1) ^ (polynomial & (0 &- (crc & 1))) }
    }
    return ~crc
  }
}
