// A recording: the records of one service, one after the other, as they came over the wire. All numbers little-endian.
//
//   file    = head, frames                                         only ever appended to, but for one word of the head
//   head    = 512 bytes, twice: one bad sector shall not be the end of a day; see RecordingHead
//   frame   = header of 56 bytes, payload; see FrameHeader
//   payload of a record   see RecordingStream.swift
//   payload of a gap      why there are no records, as text; the times are in the header
//   payload of an index   offset of the index before (0: none) u64, offset of the first frame that it names u64,
//                         the headers of all frames since then
//
// Groups. Records of one source mostly tell the same, so a record is compressed as the continuation of those before
// it: as what it says otherwise than the one before (RecordingDifference.swift), in one Zstandard stream a group that is
// flushed after each record. That is better than a frame a record with the record before as its prefix, because the
// stream keeps its code tables and has seen the whole group, and nothing has to be hashed twice. To read a record, its
// group is read from the start: so a group ends after 64 records or 2 MiB, and with every frame that is not a record.
//
// Index. Every 256 records an index repeats the headers since the last index. It names the index before, and the head
// the latest one, so that a day is opened by reading 340 places instead of 86,400. Each index says where the frames
// that it names begin; they must fill the file up to the index itself, and begin where the index before ends. What does
// not is not believed, and the frames are looked for one by one.
//
// Damage. Every header and payload has a checksum; that of a header is mixed with a number which is drawn for each
// file, so that nothing which an app put into its records is ever taken for a frame. Frames are numbered: what is
// missing is missed, what is there twice is shown once. Behind a damaged place, reading goes on with the next header
// that is right; records whose group began in the damage are not shown.
//
//   RecordingFile.swift    the bytes on disk         RecordingScan.swift     what frames there are
//   RecordingIndex.swift   the index                 RecordingStream.swift   a group's Zstandard stream
//   RecordingWriter.swift  appends                   RecordingReader.swift   reads

import CtxtopSnapshot

/// What a recording begins with.
struct RecordingHead: Equatable {
  //   0  magic "CTXTOPF1"             u64
  //   8  version                      u16
  //  10  flags, none defined          u16
  //  12  length of service, of host   u16 u16
  //  16  when it begins: wall time    u64
  //  24  what its frames are mixed with (seed)  u32
  //  28  zeros
  //  48  offset of the latest index   u64, zeros u32, its CRC32C mixed with the seed u32: may be wrong at any time
  //  64  service                      192 bytes
  // 256  host                         248 bytes
  // 504  zeros
  // 508  CRC32C of the rest, but for 48..<64

  static let byteCount = 512
  /// Where the first frame begins, behind both heads.
  static let end: UInt64 = 1024
  static let version: UInt16 = 1
  /// `CTXTOPF1`.
  static let magic: UInt64 = 0x3146_504F_5458_5443
  /// Where the latest index is named, and in how many bytes.
  static let pointer = 48..<64
  private static let serviceArea = 64..<256
  private static let hostArea = 256..<504

  let service: String
  let host: String
  let wallTime: UInt64
  let seed: UInt32

  /// The head of a recording that begins now. Names that are too long are cut.
  init(service: String, host: String, wallTime: UInt64, seed: UInt32) {
    self.service = Self.cut(service, to: Self.serviceArea.count)
    self.host = Self.cut(host, to: Self.hostArea.count)
    self.wallTime = wallTime
    self.seed = seed
  }

  /// Whether a file that begins so is a recording, of whatever version, or may become one: at least one byte.
  static func isBegun(by bytes: UnsafeRawBufferPointer) -> Bool {
    !bytes.isEmpty
      && (0..<min(8, bytes.count)).allSatisfy { bytes[$0] == UInt8(truncatingIfNeeded: magic >> (8 * UInt64($0))) }
  }

  /// Reads the head of a file: the first of the two that is right, and whether it is the first.
  static func read(_ file: RecordingFile) throws(RecordingError) -> (head: RecordingHead, bytes: [UInt8], isFirst: Bool)
  {
    let both = try file.read(at: 0, count: Int(end))
    guard both.count == end else {
      throw both.withUnsafeBytes { isBegun(by: $0) } ? .unfinished(file.path) : .notARecording(file.path)
    }
    let bytes = Array(both[..<byteCount])
    do throws(RecordingError) {
      return (try RecordingHead(bytes, path: file.path), bytes, true)
    } catch {
      let other = Array(both[byteCount...])
      guard let head = try? RecordingHead(other, path: file.path) else { throw error }
      return (head, other, false)
    }
  }

  /// Reads a head.
  init(_ bytes: [UInt8], path: String) throws(RecordingError) {
    guard bytes.withUnsafeBytes({ Self.isBegun(by: $0) }) else { throw .notARecording(path) }
    guard bytes.count >= Self.byteCount else { throw .unfinished(path) }
    let lengths = (
      service: Int(bytes.number(at: 12, as: UInt16.self)), host: Int(bytes.number(at: 14, as: UInt16.self))
    )
    guard bytes.number(at: 508, as: UInt32.self) == Self.checksum(bytes), lengths.service <= Self.serviceArea.count,
      lengths.host <= Self.hostArea.count
    else { throw .damaged(path, "its head is damaged") }
    let version = bytes.number(at: 8, as: UInt16.self)
    guard version == Self.version else { throw .otherVersion(path, version: Int(version)) }
    service = String(decoding: bytes[Self.serviceArea].prefix(lengths.service), as: UTF8.self)
    host = String(decoding: bytes[Self.hostArea].prefix(lengths.host), as: UTF8.self)
    wallTime = bytes.number(at: 16)
    seed = bytes.number(at: 24)
  }

  /// The head as it stands in the file, without an index.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: Self.magic)
    bytes.append(number: Self.version)
    bytes.append(number: UInt16(0))
    bytes.append(number: UInt16(service.utf8.count))
    bytes.append(number: UInt16(host.utf8.count))
    bytes.append(number: wallTime)
    bytes.append(number: seed)
    bytes.pad(to: Self.serviceArea.lowerBound)
    bytes.append(contentsOf: service.utf8)
    bytes.pad(to: Self.hostArea.lowerBound)
    bytes.append(contentsOf: host.utf8)
    bytes.pad(to: 508)
    bytes.append(number: Self.checksum(bytes))
    return bytes
  }

  /// The name of the latest index, as it stands in the head.
  func pointer(to index: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: index)
    bytes.append(number: UInt32(0))
    bytes.append(number: bytes.checksum(0..<12) ^ seed)
    return bytes
  }

  /// What the head names as the latest index; nil: none, or it is not to be believed.
  func latestIndex(in head: [UInt8]) -> UInt64? {
    let bytes = Array(head[Self.pointer])
    let offset = bytes.number(at: 0, as: UInt64.self)
    return pointer(to: offset) == bytes && offset >= Self.end ? offset : nil
  }

  /// Whether a service of this name may be recorded here.
  func isOf(_ name: String) -> Bool { service == Self.cut(name, to: Self.serviceArea.count) }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var bytes = Array(bytes[..<508])
    for index in pointer { bytes[index] = 0 }
    return bytes.checksum(0..<508)
  }

  private static func cut(_ text: String, to limit: Int) -> String {
    var text = text
    while text.utf8.count > limit { text.removeLast() }
    return text
  }
}

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

extension UnsafeRawBufferPointer {
  /// The number at an offset that was checked.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension [UInt8] {
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    withUnsafeBytes { $0.number(at: offset, as: type) }
  }

  mutating func append<Number: FixedWidthInteger>(number: Number) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }

  mutating func pad(to length: Int) { append(contentsOf: repeatElement(0, count: Swift.max(0, length - count))) }

  func checksum(_ range: Range<Int>) -> UInt32 {
    withUnsafeBytes { RecordChecksum.of(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }
}
