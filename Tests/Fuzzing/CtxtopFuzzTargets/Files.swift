// Files that others write: segments and recordings, in a directory of this process's own.

import CtxtopGuestTestKit
import CtxtopRandomKit
import CtxtopScoreboard
import CtxtopSnapshot
import CtxtopStore
import Glibc

extension FuzzTarget {
  /// Twelve bytes are a word that is changed: where (four bytes, counted in words) and to what. A word far behind the
  /// end cuts the file instead.
  static let segment = FuzzTarget(name: "segment", summary: "words of a segment's file", longest: 12 * 256) { bytes in
    let file = SegmentFixture.shared
    var input = Input(bytes)
    defer { file.restore() }
    while !input.rest.isEmpty {
      let word = Int(input.number(bytes: 4))
      file.change(SegmentChange(offset: word * 8, value: input.number(bytes: 8)))
    }
    for _ in 0..<2 {
      do throws(SegmentError) {
        var reader = try SegmentReader(path: file.path)
        let snapshot = try reader.snapshot()
        demand(try reader.snapshot().workers.map(\.units) == snapshot.workers.map(\.units), "two passes differ")
      } catch {}
    }
  }

  /// A recording's bytes. The checksums of its head and its frames are made right.
  static let recording = FuzzTarget(name: "recording", summary: "recordings", longest: 1 << 16) { bytes in
    let place = RecordingFixture.shared
    place.write(sealed(bytes))
    do throws(RecordingError) {
      let reader = try RecordingReader(path: place.path)
      for index in reader.entries.indices.prefix(200) {
        _ = try? reader.snapshot(at: index)
        _ = reader.predecessor(of: index)
      }
      _ = reader.index(atWallTime: UInt64(bytes.count))
      demand(reader.damage.count <= 40, "\(reader.damage.count) lines of damage")
      try reader.refresh()
    } catch {}
    _ = RecordingReader.service(ofFile: place.path)
  }

  /// As RecordingHead and FrameHeader have it.
  private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    guard bytes.count >= 1024 else { return bytes }
    var file = bytes
    for head in [0, 512] {
      var copy = Array(file[head..<head + 508])
      copy.replaceSubrange(48..<64, with: repeatElement(0, count: 16))
      put(checksum(copy[...]), in: &file, at: head + 508)
    }
    let seed = number(file, 24)
    put(checksum(file[48..<60]) ^ seed, in: &file, at: 60)
    var place = 1024
    while place + 56 <= file.count {
      let end = min(place + 56 + Int(number(file, place + 12)), file.count)
      put(checksum(file[place + 56..<end]), in: &file, at: place + 48)
      put(checksum(file[place..<place + 52]) ^ seed, in: &file, at: place + 52)
      place = end
    }
    return file
  }

  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.withUnsafeBytes { RecordChecksum.of($0) } }

  private static func number(_ bytes: [UInt8], _ place: Int) -> UInt32 {
    bytes.withUnsafeBytes { UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: UInt32.self)) }
  }

  private static func put(_ number: UInt32, in bytes: inout [UInt8], at place: Int) {
    withUnsafeBytes(of: number.littleEndian) { bytes.replaceSubrange(place..<place + 4, with: $0) }
  }
}

/// The file of a segment that is changed and made whole again.
private final class SegmentFixture: @unchecked Sendable {
  // Sendable: one thread fuzzes.
  static let shared = SegmentFixture()

  private let file = SampleFile()
  var path: String { file.path }

  func change(_ change: SegmentChange) {
    if change.offset <= SampleFile.length - 8 {
      file.change(change)
    } else {
      file.cut(to: change.offset % SampleFile.length)
    }
  }

  func restore() { file.restore() }
}

/// A file that is written anew each time.
private final class RecordingFixture: @unchecked Sendable {
  // Sendable: one thread fuzzes.
  static let shared = RecordingFixture()

  private let place = TemporaryDirectory()
  var path: String { place.path + "/recording" }

  func write(_ bytes: [UInt8]) { place.write("recording", bytes) }
}
