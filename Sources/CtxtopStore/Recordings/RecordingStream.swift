// The Zstandard stream of a group of records, in both directions. The only file that imports the library.
//
//   payload = number of bytes, marks and details u32 u32 u32, and of the stream: bytes, marks, details, each flushed
//
// The three are of different kinds: each has blocks, and so code tables, of its own.
//
// What must hold: whatever the bytes, a record of a given length needs no more memory than that length and a window of
// 16 MiB, and nothing is given out that is not exactly as long.

import CZstd

/// What both directions agree on.
enum RecordingStream {
  /// Records in a group: as many as are decompressed, at most, to read one.
  static let recordLimit = 64
  /// Bytes of the records in a group, but for a single one that is longer.
  static let byteLimit = 2 << 20
  /// How far back a stream refers, as a power of two.
  static let windowLimit: Int32 = 24
  /// Bytes of a payload in front of the stream.
  static let prefix = 12
  private static let smallestWindow: Int32 = 17

  /// How hard to try: a millisecond for a record of 20 KiB. Higher levels take ten times as long and save a tenth.
  static func level(for length: Int) -> Int32 { length < 1 << 17 ? 9 : 3 }

  /// The window in which a record and the one before it fit.
  static func window(for length: Int) -> Int32 {
    let bits = Int32(Int.bitWidth - (2 * length).leadingZeroBitCount)
    return min(max(bits, smallestWindow), windowLimit)
  }
}

/// Compresses groups.
final class RecordCompressor {
  private let context: OpaquePointer
  private var difference = RecordingDifference()

  init(path: String) throws(RecordingError) {
    guard let context = ZSTD_createCCtx() else { throw .compression(path) }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Begins a group whose first record has this length.
  func begin(length: Int) {
    difference = RecordingDifference()
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, RecordingStream.level(for: length))
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, RecordingStream.window(for: length))
  }

  /// The next record of the group, of a time; nil: it failed, and the group is at its end.
  func compress(_ record: [UInt8], at time: UInt64) -> [UInt8]? {
    let streams = difference.encode(record, at: time)
    let parts = [streams.bytes, streams.marks, streams.details]
    var payload: [UInt8] = []
    for part in parts { payload.append(number: UInt32(part.count)) }
    for part in parts {
      guard append(part, to: &payload) else { return nil }
    }
    return payload
  }

  /// Appends what the stream makes of some bytes; false: it failed.
  private func append(_ part: [UInt8], to payload: inout [UInt8]) -> Bool {
    if part.isEmpty { return true }
    let room = ZSTD_compressBound(part.count) + 512
    var isWhole = false
    payload += part.withUnsafeBytes { part in
      [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        var input = ZSTD_inBuffer(src: part.baseAddress, size: part.count, pos: 0)
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: room, pos: 0)
        // 0: all of it was read and is written. An error is a very large number.
        isWhole = ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush) == 0 && input.pos == input.size
        count = output.pos
      }
    }
    return isWhole
  }
}

/// Decompresses groups.
final class RecordDecompressor {
  private let context: OpaquePointer
  private var difference = RecordingDifference()

  init(path: String) throws(RecordingError) {
    guard let context = ZSTD_createDCtx() else { throw .compression(path) }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, RecordingStream.windowLimit)
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Begins a group.
  func begin() {
    difference = RecordingDifference()
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
  }

  /// The next record of the group, of a time; nil: the bytes are no such record, or not exactly one of this length.
  func decompress(_ payload: [UInt8], length: Int, at time: UInt64) -> [UInt8]? {
    guard payload.count >= RecordingStream.prefix else { return nil }
    let counts = [0, 4, 8].map { Int(payload.number(at: $0, as: UInt32.self)) }
    let all = counts.reduce(0, +)
    guard all <= RecordingDifference.limit(of: length), let streams = expand(payload, length: all) else { return nil }
    return streams.withUnsafeBytes { streams in
      let ends = (bytes: counts[0], marks: counts[0] + counts[1])
      return difference.decode(
        bytes: UnsafeRawBufferPointer(rebasing: streams[..<ends.bytes]),
        marks: UnsafeRawBufferPointer(rebasing: streams[ends.bytes..<ends.marks]),
        details: UnsafeRawBufferPointer(rebasing: streams[ends.marks...]), length: length, at: time)
    }
  }

  /// What the stream makes of a payload; nil: not exactly so many bytes.
  private func expand(_ payload: [UInt8], length: Int) -> [UInt8]? {
    var isWhole = false
    let bytes = payload.withUnsafeBytes { payload in
      // One byte more than needed shows whether there is more.
      [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
        var input = ZSTD_inBuffer(src: payload.baseAddress, size: payload.count, pos: RecordingStream.prefix)
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: length + 1, pos: 0)
        var before = (input: -1, output: -1)
        var failed = false
        while !failed && output.pos <= length && before != (input.pos, output.pos) {
          before = (input.pos, output.pos)
          failed = ZSTD_isError(ZSTD_decompressStream(context, &output, &input)) != 0
        }
        isWhole = !failed && input.pos == input.size && output.pos == length
        count = output.pos
      }
    }
    return isWhole ? bytes : nil
  }
}
