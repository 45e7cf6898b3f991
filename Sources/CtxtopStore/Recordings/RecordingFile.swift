// A recording's bytes on disk. Bytes are read by calls and never mapped: a mapped file that somebody cuts would end
// the program.

import Glibc

/// An open file.
final class RecordingFile {
  /// Where it was opened; it may have been renamed since.
  let path: String
  private let descriptor: Int32

  /// Opens a regular file.
  init(path: String, writable: Bool) throws(RecordingError) {
    self.path = path
    do throws(SystemError) {
      // What is no file must not block the program, nor become its terminal.
      let flags = (writable ? O_RDWR | O_CREAT : O_RDONLY) | O_NONBLOCK | O_NOCTTY
      descriptor = try System.open(path, flags, mode: 0o600)
      guard try System.size(of: descriptor).status.kind != .regular else { return }
    } catch {
      throw .system(error, path: path)
    }
    throw .notARecording(path)
  }

  deinit { System.close(descriptor) }

  /// How many bytes it has now.
  func size() throws(RecordingError) -> UInt64 {
    try perform { () throws(SystemError) in try System.size(of: descriptor).byteCount }
  }

  /// Up to `count` bytes; fewer where it ends.
  func read(at offset: UInt64, count: Int) throws(RecordingError) -> [UInt8] {
    try perform { () throws(SystemError) in try System.read(descriptor, at: offset, count: count) }
  }

  /// The header of a frame; nil: there is none, or no whole one.
  func header(at offset: UInt64, seed: UInt32) throws(RecordingError) -> FrameHeader? {
    try perform { () throws(SystemError) in
      var place: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0, 0)
      return try withUnsafeMutableBytes(of: &place) { (buffer) throws(SystemError) in
        guard try System.read(descriptor, at: offset, into: buffer) == buffer.count else { return nil }
        return FrameHeader(UnsafeRawBufferPointer(buffer), seed: seed)
      }
    }
  }

  /// Writes all bytes.
  func write(_ bytes: [UInt8], at offset: UInt64) throws(RecordingError) {
    try perform { () throws(SystemError) in try System.write(descriptor, bytes, at: offset) }
  }

  /// Cuts the file.
  func cut(to length: UInt64) throws(RecordingError) {
    try perform { () throws(SystemError) in try System.truncate(descriptor, to: length) }
  }

  /// Waits until everything is on the disk.
  func synchronize() throws(RecordingError) {
    try perform { () throws(SystemError) in try System.synchronizeData(descriptor) }
  }

  /// Takes the file for this writer alone; false: it is another's.
  func lock() throws(RecordingError) -> Bool {
    try perform { () throws(SystemError) in try System.lock(descriptor) }
  }

  /// Gives the file back, also when the descriptor lives on for a moment: here, or in a child that is about to become
  /// another program.
  func unlock() { System.unlock(descriptor) }

  /// Whether the path still leads to this file.
  func isAtItsPath() throws(RecordingError) -> Bool {
    let mine = try perform { () throws(SystemError) in try System.size(of: descriptor).status.identity }
    return (try? System.status(path).identity) == mine
  }

  private func perform<Result>(_ body: () throws(SystemError) -> Result) throws(RecordingError) -> Result {
    do { return try body() } catch { throw .system(error, path: path) }
  }
}
