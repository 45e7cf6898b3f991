// The index of a recording: frames that repeat the headers of others. RecordingFormat.swift describes it.

/// An index frame, as far as its first words tell: enough to walk from the latest one to the first.
struct RecordingIndex {
  /// Offset of the frame.
  let offset: UInt64
  /// Its header.
  let header: FrameHeader
  /// Offset of the index before; 0: it is the first.
  let earlier: UInt64
  /// Offset of the first frame that it names.
  let first: UInt64

  /// An index names at least so many frames, unless the recording ends.
  static let interval = 256
  /// More of them are not believed.
  private static let chainLimit = 1 << 16

  /// Length of the payload with so many headers.
  static func byteCount(of count: Int) -> Int { 16 + count * FrameHeader.byteCount }

  /// The frame that names `headers`, whose frames stand one after the other. They are mixed with another number than
  /// frames are: who looks for a header where an index is damaged shall not take these for one.
  static func frame(
    naming headers: [FrameHeader], first: UInt64, after earlier: UInt64, sequence: UInt32, seed: UInt32
  ) -> [UInt8] {
    var payload: [UInt8] = []
    payload.append(number: earlier)
    payload.append(number: first)
    for header in headers { header.write(to: &payload, seed: ~seed) }
    var header = FrameHeader(FrameHeader.Kind.index, sequence: sequence)
    header.rawLength = headers.count
    return header.frame(payload, seed: seed).bytes
  }

  /// The index at an offset; nil: there is none.
  init?(_ file: RecordingFile, at offset: UInt64, size: UInt64, seed: UInt32) throws(RecordingError) {
    guard let header = try file.header(at: offset, seed: seed), header.kind == FrameHeader.Kind.index,
      header.payloadLength == Self.byteCount(of: header.rawLength), offset + header.frameLength <= size
    else { return nil }
    let words = try file.read(at: offset + UInt64(FrameHeader.byteCount), count: 16)
    guard words.count == 16 else { return nil }
    self.offset = offset
    self.header = header
    earlier = words.number(at: 0)
    first = words.number(at: 8)
  }

  /// Offset behind the frame.
  var end: UInt64 { offset + header.frameLength }

  /// From the first index to the one at `latest`; nil: they do not follow one another without a hole.
  static func chain(
    to latest: UInt64, in file: RecordingFile, size: UInt64, seed: UInt32
  ) throws(RecordingError) -> [RecordingIndex]? {
    var chain: [RecordingIndex] = []
    var next = latest
    while chain.count < chainLimit {
      guard let index = try RecordingIndex(file, at: next, size: size, seed: seed) else { return nil }
      guard index.end == chain.last?.first ?? index.end, index.first < index.offset else { return nil }
      chain.append(index)
      if index.earlier == 0 { return index.first == RecordingHead.end ? chain.reversed() : nil }
      // Only ever backwards: there is no way round.
      guard index.earlier < index.first else { return nil }
      next = index.earlier
    }
    return nil
  }

  /// The frames that it names, with their offsets; nil: it is damaged, or they do not fill the file up to it.
  func frames(in file: RecordingFile, seed: UInt32) throws(RecordingError) -> [(header: FrameHeader, offset: UInt64)]? {
    let payload = try file.read(at: offset + UInt64(FrameHeader.byteCount), count: header.payloadLength)
    guard payload.count == header.payloadLength, payload.checksum(0..<payload.count) == header.payloadChecksum
    else { return nil }
    var frames: [(header: FrameHeader, offset: UInt64)] = []
    frames.reserveCapacity(header.rawLength)
    var place = first
    let isWhole = payload.withUnsafeBytes { bytes in
      for start in stride(from: 16, to: bytes.count, by: FrameHeader.byteCount) {
        guard let frame = FrameHeader(UnsafeRawBufferPointer(rebasing: bytes[start...]), seed: ~seed) else {
          return false
        }
        frames.append((frame, place))
        place += frame.frameLength
      }
      return place == offset
    }
    return isWhole ? frames : nil
  }
}

extension FrameHeader {
  /// The frame with this header and a payload, and the header with what it says of that.
  func frame(_ payload: [UInt8], seed: UInt32) -> (header: FrameHeader, bytes: [UInt8]) {
    var header = self
    header.payloadLength = payload.count
    header.payloadChecksum = payload.checksum(0..<payload.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.byteCount + payload.count)
    header.write(to: &bytes, seed: seed)
    bytes.append(contentsOf: payload)
    return (header, bytes)
  }
}
