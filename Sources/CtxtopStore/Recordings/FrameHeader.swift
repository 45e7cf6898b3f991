// The headers of frames, which are also what an index consists of. See RecordingFormat.swift.

import CtxtopSnapshot

/// What stands in front of a frame's payload.
struct FrameHeader: Equatable {
  //   0  magic "CTXF"                      u32
  //   4  kind                              u8      a reader skips kinds that it does not know
  //   5  flags, none defined               u8
  //   6  record: place in its group        u16
  //   8  number of the frame in the file   u32
  //  12  length of the payload             u32
  //  16  record: its length; index: number of headers   u32
  //  20  record: codes of its verdicts     u16, zeros u16
  //  24  record: wall time; gap: since     u64
  //  32  record: monotonic time; gap: until, wall time  u64
  //  40  record: contexts left behind, connections left behind   u32 u32
  //  48  CRC32C of the payload             u32
  //  52  CRC32C of bytes 0..<52, mixed with the file's seed   u32

  enum Kind {
    static let record: UInt8 = 1
    static let gap: UInt8 = 2
    static let index: UInt8 = 3
  }

  static let byteCount = 56
  static let magic: UInt32 = 0x4658_5443
  /// The longest record that is written or believed.
  static let recordLimit = RecordHeader.byteCount + RecordHeader.payloadLimit
  /// The longest reason of a gap.
  static let reasonLimit = 512
  /// The most headers in an index: as many as fit while a full disk does not take one for long.
  static let indexLimit = 1 << 17

  var kind: UInt8
  var position = 0
  var sequence: UInt32
  var payloadLength = 0
  var rawLength = 0
  var wallTime: UInt64 = 0
  var monotonicTime: UInt64 = 0
  var summary = RecordSummary()
  var payloadChecksum: UInt32 = 0

  init(_ kind: UInt8, sequence: UInt32) {
    self.kind = kind
    self.sequence = sequence
  }

  /// Length of the frame.
  var frameLength: UInt64 { UInt64(Self.byteCount + payloadLength) }

  /// Reads the header at the beginning of `bytes`; nil: there is none, or it makes no sense.
  init?(_ bytes: UnsafeRawBufferPointer, seed: UInt32) {
    guard bytes.count >= Self.byteCount, bytes.number(at: 0, as: UInt32.self) == Self.magic else { return nil }
    let checksum = RecordChecksum.of(UnsafeRawBufferPointer(rebasing: bytes[..<52]))
    guard bytes.number(at: 52, as: UInt32.self) == checksum ^ seed else { return nil }
    kind = bytes[4]
    position = Int(bytes.number(at: 6, as: UInt16.self))
    sequence = bytes.number(at: 8)
    payloadLength = Int(bytes.number(at: 12, as: UInt32.self))
    rawLength = Int(bytes.number(at: 16, as: UInt32.self))
    summary.verdicts = bytes.number(at: 20)
    wallTime = bytes.number(at: 24)
    monotonicTime = bytes.number(at: 32)
    summary.leakedContexts = bytes.number(at: 40)
    summary.leakedConnections = bytes.number(at: 44)
    payloadChecksum = bytes.number(at: 48)
    guard payloadLength <= Self.longestPayload(of: kind, rawLength: rawLength) else { return nil }
  }

  /// Appends the header to bytes.
  func write(to bytes: inout [UInt8], seed: UInt32) {
    let start = bytes.count
    bytes.append(number: Self.magic)
    bytes.append(kind)
    bytes.append(0)
    bytes.append(number: UInt16(truncatingIfNeeded: position))
    bytes.append(number: sequence)
    bytes.append(number: UInt32(truncatingIfNeeded: payloadLength))
    bytes.append(number: UInt32(truncatingIfNeeded: rawLength))
    bytes.append(number: UInt32(summary.verdicts))
    bytes.append(number: wallTime)
    bytes.append(number: monotonicTime)
    bytes.append(number: summary.leakedContexts)
    bytes.append(number: summary.leakedConnections)
    bytes.append(number: payloadChecksum)
    bytes.append(number: bytes.checksum(start..<start + 52) ^ seed)
  }

  /// What no writer exceeds: compression makes nothing much longer. -1: there is no such frame.
  private static func longestPayload(of kind: UInt8, rawLength: Int) -> Int {
    switch kind {
    case Kind.record: rawLength <= recordLimit ? 2 * rawLength + rawLength >> 6 + 2048 : -1
    case Kind.gap: reasonLimit
    case Kind.index: (1...indexLimit).contains(rawLength) ? RecordingIndex.byteCount(of: rawLength) : -1
    default: recordLimit
    }
  }
}
