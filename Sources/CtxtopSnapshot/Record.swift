// The snapshot record: what crosses the socket, travels through ssh and lies in a recording.
//
//   offset  0  magic "CTXTOPR1"            u64      all numbers little-endian
//           8  version                     u16      raised when an older reader can no longer read it
//          10  flags, none defined         u16
//          12  length of the payload       u32      at most 64 MiB
//          16  wall time of the snapshot   u64
//          24  monotonic time              u64
//          32  CRC32C of the payload       u32
//          36  CRC32C of bytes 0..<36      u32
//          40  payload
//
// The payload (SlotRecorder and RecordEncoder write it, RecordDecoder reads it, RecordSchema has its keys in JSON; all
// name the fields in one order):
//
//   payload  = block(number of workers u32, the workers, service, host, actions)
//   worker   = block(fields, lists of unit, connection, engine, failure, session, resource, vanished, hazard), pulse
//   actions  = accepted, refused: how many there were; number of the latest, of each entity(number, wall time, user,
//              pid, worker's pid, outcome)
//   pulse    = entity(liveness, heartbeat, kernel sample): what changes in a worker that does nothing
//   block    = length u32, offset of its strings u32, body, strings (count, then length and bytes of each)
//   entity   = length u32, fields
//   field    = varint; a string is its number in the table of the innermost block, 1 being the first
//
// A field that is not there reads as zero, and zero always means the default (nil, empty, none). So a
// newer writer may append fields to any entity: an older reader skips them, and a newer reader takes
// the defaults where an older writer had nothing to say. A new case of an enum is a new version.

/// The fixed part in front of a record's payload.
public struct RecordHeader: Equatable, Sendable {
  /// Length of a header.
  public static let byteCount = 40
  /// The longest payload that is written or believed.
  public static let payloadLimit = 64 << 20
  /// The version that this code writes and reads.
  public static let version: UInt16 = 1
  /// `CTXTOPR1` as the first eight bytes of a record.
  static let magic: UInt64 = 0x3152_504F_5458_5443

  /// Length of the payload that follows.
  public var payloadLength: Int
  /// Nanoseconds since 1970.
  public var wallTime: UInt64
  /// Nanoseconds of the serving host's monotonic clock.
  public var monotonicTime: UInt64
  /// CRC32C of the payload.
  public var payloadChecksum: UInt32

  /// Reads the header at the beginning of `bytes`; what it says of its payload is plausible, but not yet proved.
  public init(_ bytes: UnsafeRawBufferPointer) throws(RecordError) {
    let start = min(bytes.count, 8)
    for index in 0..<start where bytes[index] != UInt8(truncatingIfNeeded: Self.magic >> UInt64(8 * index)) {
      throw .notARecord
    }
    guard bytes.count >= Self.byteCount else { throw .truncated }
    let version = UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt16.self))
    guard version == Self.version else { throw .otherVersion(version) }
    let checksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 36, as: UInt32.self))
    guard checksum == RecordChecksum.of(UnsafeRawBufferPointer(rebasing: bytes[0..<36])) else { throw .badChecksum }
    payloadLength = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 12, as: UInt32.self)))
    guard payloadLength <= Self.payloadLimit else { throw .tooLarge }
    wallTime = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
    monotonicTime = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    payloadChecksum = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 32, as: UInt32.self))
  }
}

/// Why bytes are not a snapshot.
public enum RecordError: Error, Equatable, Sendable {
  /// They do not begin as a record does.
  case notARecord
  /// A record of a version that this program does not read.
  case otherVersion(UInt16)
  /// The payload's length is beyond the limit.
  case tooLarge
  /// There are fewer bytes than the header says.
  case truncated
  /// Header or payload were changed on their way.
  case badChecksum
  /// The payload is not what the encoder writes; the offset is one in the payload.
  case malformed(offset: Int)
}
