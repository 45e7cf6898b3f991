// The Zstandard stream of a group of records, in both directions. The only file that imports the library.
//
// What must hold: whatever the bytes, a record of a given length needs no more memory than that length and a window of
// 16 MiB, and nothing is given out that is not exactly as long.

import CZstd

/// What both directions agree on.
enum RecordingStream {
  /// Records in a group: as many as are decompressed, at most, to read one.
  static let recordLimit = 64
  /// Bytes of the records in a group, but for a single one that is longer.
  static let byteLimit = 16 << 20
  /// How far back a stream refers, as a power of two.
  static let windowLimit: Int32 = 24
  private static let smallestWindow: Int32 = 17
  /// Higher levels are several times slower and save little: what is left are numbers that nobody could guess.
  static let level: Int32 = 5

  /// The window in which a record and the one before it fit.
  static func window(for length: Int) -> Int32 {
    let bits = Int32(Int.bitWidth - (2 * length).leadingZeroBitCount)
    return min(max(bits, smallestWindow), windowLimit)
  }
}

/// Compresses groups.
final class RecordCompressor {
  private let context: OpaquePointer

  init(path: String) throws(RecordingError) {
    guard let context = ZSTD_createCCtx() else { throw .compression(path) }
    self.context = context
  }

  deinit { ZSTD_freeCCtx(context) }

  /// Begins a group whose first record has this length.
  func begin(length: Int) {
    ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters)
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, RecordingStream.level)
    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, RecordingStream.window(for: length))
  }

  /// The next record of the group; nil: it failed, and the group is at its end.
  func compress(_ record: [UInt8]) -> [UInt8]? {
    var isWhole = false
    let room = ZSTD_compressBound(record.count) + 512
    let bytes = record.withUnsafeBytes { record in
      [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        var input = ZSTD_inBuffer(src: record.baseAddress, size: record.count, pos: 0)
        var output = ZSTD_outBuffer(dst: buffer.baseAddress, size: room, pos: 0)
        // 0: all of it was read and is written. An error is a very large number.
        isWhole = ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush) == 0 && input.pos == input.size
        count = output.pos
      }
    }
    return isWhole ? bytes : nil
  }
}

/// Decompresses groups.
final class RecordDecompressor {
  private let context: OpaquePointer

  init(path: String) throws(RecordingError) {
    guard let context = ZSTD_createDCtx() else { throw .compression(path) }
    self.context = context
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, RecordingStream.windowLimit)
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Begins a group.
  func begin() { ZSTD_DCtx_reset(context, ZSTD_reset_session_only) }

  /// The next record of the group; nil: the bytes are no such record, or not exactly one of this length.
  func decompress(_ bytes: [UInt8], length: Int) -> [UInt8]? {
    // One byte more than needed shows whether there is more.
    var isWhole = false
    let record = bytes.withUnsafeBytes { bytes in
      [UInt8](unsafeUninitializedCapacity: length + 1) { buffer, count in
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
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
    return isWhole ? record : nil
  }
}
