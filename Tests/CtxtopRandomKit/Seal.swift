// True headers for false payloads: what checksums would refuse at once gets to where it may do harm.

import CtxtopSnapshot

package enum Seal {
  /// A record of any payload, as if it had been written so.
  package static func record(_ payload: some Collection<UInt8>) -> [UInt8] {
    var record: [UInt8] = []
    record.reserveCapacity(RecordHeader.byteCount + payload.count)
    record += emptyHeader
    record += payload
    replace(&record, at: 12, with: UInt32(truncatingIfNeeded: payload.count))
    let checksum = record.withUnsafeBytes {
      RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[RecordHeader.byteCount...]))
    }
    replace(&record, at: 32, with: checksum)
    header(&record)
    return record
  }

  /// Makes a header right that was changed.
  package static func header(_ record: inout [UInt8]) {
    let checksum = record.withUnsafeBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[..<36])) }
    replace(&record, at: 36, with: checksum)
  }

  /// The checksum by another method than the encoder's: bit by bit, as the polynomial says.
  package static func crc32c(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var crc: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
    }
    return ~crc
  }

  private static let emptyHeader = RecordEncoder.encode(Snapshot())[..<RecordHeader.byteCount]

  private static func replace(_ bytes: inout [UInt8], at offset: Int, with value: UInt32) {
    for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
  }
}
