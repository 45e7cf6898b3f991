// The head of a recording: whose it is, and where the latest index lies. See RecordingFormat.swift.

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
