// What a file holds, by its first bytes: its name may be anything.

import CCtxtop
import Glibc

/// A kind of file, as far as targets are concerned.
package enum FileContent: Equatable, Sendable {
  case segment, recording, document
  /// There is nothing in it.
  case empty
  /// It was compressed; by which program.
  case compressed(by: String)
  /// Anything else.
  case other

  /// So many bytes tell what a file is. White space before a document may be shorter than that.
  private static let headLength = 4096

  /// Looks into the file at `path`.
  package init(ofFile path: String) throws(StoreError) {
    do throws(SystemError) {
      // Not waiting for the other end of what has become a pipe meanwhile.
      let descriptor = try System.open(path, O_RDONLY | O_NONBLOCK)
      defer { System.close(descriptor) }
      var head: [UInt8] = []
      while head.count < Self.headLength {
        guard let count = try System.read(descriptor, into: &head, limit: Self.headLength - head.count), count > 0
        else { break }
      }
      self = head.withUnsafeBytes { FileContent(of: $0) }
    } catch {
      throw .system(error, path: path)
    }
  }

  /// What begins with these bytes.
  package init(of head: UnsafeRawBufferPointer) {
    if head.isEmpty {
      self = .empty
    } else if Self.isSegment(head) {
      self = .segment
    } else if RecordingReader.isRecording(head) {
      self = .recording
    } else if let program = Self.compressor(of: head) {
      self = .compressed(by: program)
    } else {
      self = head.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{") ? .document : .other
    }
  }

  private static func isSegment(_ head: UnsafeRawBufferPointer) -> Bool {
    head.count >= 8 && UInt64(littleEndian: head.loadUnaligned(as: UInt64.self)) == CTXTOP_MAGIC
  }

  /// The programs whose files people have lying about.
  private static func compressor(of head: UnsafeRawBufferPointer) -> String? {
    let magics: [(bytes: [UInt8], program: String)] = [
      ([0x1F, 0x8B], "gzip"), ([0x28, 0xB5, 0x2F, 0xFD], "zstd"), ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "xz"),
      ([0x42, 0x5A, 0x68], "bzip2"), ([0x50, 0x4B, 0x03, 0x04], "zip"), ([0x04, 0x22, 0x4D, 0x18], "lz4"),
    ]
    return magics.first { head.starts(with: $0.bytes) }?.program
  }
}
