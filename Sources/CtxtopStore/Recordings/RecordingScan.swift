// What frames a recording has: from its index, and behind that from one header to the next. Payloads are not read,
// but for those of gaps: a record proves itself when it is asked for.

import Glibc

/// Where a record lies, and what proves it.
struct RecordPlace {
  let offset: UInt64
  let payloadLength: UInt32
  let rawLength: UInt32
  let payloadChecksum: UInt32
  /// Its place in its group: so many records before it the group begins.
  let position: UInt16
}

/// The frames of a recording, as far as it was looked at.
struct RecordingScan {
  /// The most records that a recording may have: 48 days at one a second.
  static let recordLimit = 1 << 22
  /// The most reasons of gaps that are kept.
  private static let reasonLimit = 4096
  /// Bytes that are searched at once for a header.
  private static let searchSize = 1 << 16
  /// Behind so many bytes without one there is none: the longest frames are an eighth of that.
  private static let searchLimit: UInt64 = 1 << 30
  /// Bytes of payloads that are read for proof; beyond them headers are believed, so that no file takes hours.
  private static let proofLimit: UInt64 = 1 << 30

  let file: RecordingFile
  let head: RecordingHead
  private(set) var entries: [RecordingEntry] = []
  private(set) var places: [RecordPlace] = []
  private(set) var gaps: [RecordingGap] = []
  private(set) var damage = DamageLog()
  /// What is wrong with the head; nil: nothing.
  private(set) var headDamage: String?
  /// Offset behind the last whole frame.
  private(set) var end = RecordingHead.end
  /// Offset of the last index that was met; 0: none.
  private(set) var lastIndex: UInt64 = 0
  /// Offset behind it.
  private(set) var indexed = RecordingHead.end
  /// The headers of the frames since then.
  private(set) var unindexed: [FrameHeader] = []
  /// Offset and header of the last frame.
  private(set) var last: (offset: UInt64, header: FrameHeader)?
  /// Number of the next frame.
  private(set) var nextSequence: UInt32 = 0
  /// Place in its group of the record that the last frame was.
  private var lastPosition: Int?
  private var lostSomething = false
  /// Up to where no header was found behind `end`.
  private var searched: UInt64 = 0
  /// Bytes of payloads that were read for proof.
  private var proved: UInt64 = 0

  /// Looks at a whole file.
  init(_ file: RecordingFile) throws(RecordingError) {
    self.file = file
    let (head, bytes, isFirst) = try RecordingHead.read(file)
    self.head = head
    if !isFirst { headDamage = "its head is damaged, the copy is used" }
    if let latest = head.latestIndex(in: bytes) { try readIndex(latest) }
    try proceed()
  }

  /// Looks at what came since.
  mutating func proceed() throws(RecordingError) {
    let size = try file.size()
    if size < end { try self = RecordingScan(file) }
    while end < size {
      if let header = try file.header(at: end, seed: head.seed), end + header.frameLength <= size,
        try isBelieved(header, at: end)
      {
        try take(header, at: end)
      } else if let (header, offset) = try search(size: size) {
        damage.add(
          offset < end ? "the frame that ends at byte \(offset) is too short" : "bytes \(end) to \(offset) are damaged")
        lose()
        try take(header, at: offset)
      } else {
        return
      }
    }
  }

  /// Whether what lies behind the last frame is more than a frame that is being written.
  func hasJunk() throws(RecordingError) -> Bool {
    let rest = try file.size() - min(end, file.size())
    if rest < UInt64(FrameHeader.byteCount) { return false }
    return try file.header(at: end, seed: head.seed) == nil
  }

  // MARK: - Index

  /// Takes the frames from the index, all or none.
  private mutating func readIndex(_ latest: UInt64) throws(RecordingError) {
    let before = self
    guard let chain = try RecordingIndex.chain(to: latest, in: file, size: file.size(), seed: head.seed) else { return }
    for index in chain {
      guard let frames = try index.frames(in: file, seed: head.seed) else {
        self = before
        return
      }
      for frame in frames { try take(frame.header, at: frame.offset) }
      try take(index.header, at: index.offset)
    }
  }

  // MARK: - Frames

  private mutating func take(_ header: FrameHeader, at offset: UInt64) throws(RecordingError) {
    let isNext = header.sequence == nextSequence
    if header.sequence < nextSequence {
      damage.add("bytes \(offset) to \(offset + header.frameLength) were there before")
      lose()
    } else {
      if !isNext {
        damage.add("\(header.sequence - nextSequence) frames before byte \(offset) are missing")
        lose()
      }
      nextSequence = header.sequence &+ 1
      try takeNew(header, at: offset)
    }
    end = offset + header.frameLength
    last = (offset, header)
    if header.kind == FrameHeader.Kind.index {
      lastIndex = offset
      indexed = end
      unindexed.removeAll(keepingCapacity: true)
    } else {
      unindexed.append(header)
    }
  }

  private mutating func takeNew(_ header: FrameHeader, at offset: UInt64) throws(RecordingError) {
    guard header.kind == FrameHeader.Kind.record else {
      lastPosition = nil
      if header.kind == FrameHeader.Kind.gap { try takeGap(header, at: offset) }
      return
    }
    guard header.position == 0 || header.position - 1 == lastPosition else {
      damage.add("the record at byte \(offset) continues one that is lost", counting: false)
      lose()
      return
    }
    guard entries.count < Self.recordLimit else { throw .full(file.path) }
    if lostSomething {
      addGap(since: entries.last?.wallTime ?? header.wallTime, until: header.wallTime, reason: "damaged")
      lostSomething = false
    }
    lastPosition = header.position
    entries.append(
      RecordingEntry(wallTime: header.wallTime, monotonicTime: header.monotonicTime, summary: header.summary))
    places.append(
      RecordPlace(
        offset: offset, payloadLength: UInt32(header.payloadLength), rawLength: UInt32(header.rawLength),
        payloadChecksum: header.payloadChecksum, position: UInt16(header.position)))
  }

  private mutating func takeGap(_ header: FrameHeader, at offset: UInt64) throws(RecordingError) {
    let reason = try file.read(at: offset + UInt64(FrameHeader.byteCount), count: header.payloadLength)
    let isWhole = reason.checksum(0..<reason.count) == header.payloadChecksum
    let text = isWhole && gaps.count < Self.reasonLimit ? String(decoding: reason, as: UTF8.self) : "not recorded"
    addGap(since: header.wallTime, until: header.monotonicTime, reason: text)
  }

  /// Gaps with no record in between are one.
  private mutating func addGap(since: UInt64, until: UInt64, reason: String) {
    guard let gap = gaps.last, gap.before == entries.count else {
      return gaps.append(RecordingGap(before: entries.count, since: since, until: until, reason: reason))
    }
    gaps[gaps.count - 1] = RecordingGap(
      before: gap.before, since: min(gap.since, since), until: max(gap.until, until), reason: gap.reason)
  }

  /// Whether a frame is what its header says. One that is not the next must prove it: the header of a later frame,
  /// copied to here without its payload, would make all in between look as if they had been there before.
  private mutating func isBelieved(_ header: FrameHeader, at offset: UInt64) throws(RecordingError) -> Bool {
    guard header.sequence != nextSequence, proved < Self.proofLimit else { return true }
    proved += header.frameLength
    return try file.holds(header, at: offset)
  }

  private mutating func lose() {
    lastPosition = nil
    lostSomething = true
  }

  // MARK: - Search

  /// The next header that is right, behind the header of the last frame: of that, the payload may be shorter or longer
  /// than it should. nil: there is none yet.
  private mutating func search(size: UInt64) throws(RecordingError) -> (FrameHeader, UInt64)? {
    let beginning = last.map { $0.offset + UInt64(FrameHeader.byteCount) } ?? RecordingHead.end
    var offset = max(beginning, searched)
    var mayGrow = false
    while offset + UInt64(FrameHeader.byteCount) <= size, offset < beginning + Self.searchLimit {
      let bytes = try file.read(at: offset, count: Self.searchSize)
      guard bytes.count >= FrameHeader.byteCount else { return nil }
      for (place, header) in Self.headers(in: bytes, seed: head.seed) {
        let found = offset + UInt64(place)
        if found + header.frameLength <= size {
          if try isBelieved(header, at: found) { return (header, found) }
          continue
        }
        // Somebody may be writing it: another time it is to be found again.
        if !mayGrow { searched = found }
        mayGrow = true
      }
      offset += UInt64(bytes.count - FrameHeader.byteCount + 1)
      if !mayGrow { searched = offset }
    }
    return nil
  }

  private static func headers(in bytes: [UInt8], seed: UInt32) -> [(place: Int, header: FrameHeader)] {
    bytes.withUnsafeBytes { bytes in
      var found: [(place: Int, header: FrameHeader)] = []
      var place = 0
      let last = bytes.count - FrameHeader.byteCount
      // Nearly all places are none, and the library passes over them quickly.
      while place <= last, let start = bytes.baseAddress,
        let next = memchr(start + place, Int32(UInt8(truncatingIfNeeded: FrameHeader.magic)), last - place + 1)
      {
        place = UnsafeRawPointer(next) - start
        let header = FrameHeader(UnsafeRawBufferPointer(rebasing: bytes[place...]), seed: seed)
        if let header { found.append((place, header)) }
        place += 1
      }
      return found
    }
  }
}

/// What is damaged, in a few lines.
struct DamageLog {
  private static let limit = 8
  private var kept: [String] = []
  private var more = 0

  /// Notes one damaged place; what only follows from another is not counted.
  mutating func add(_ line: String, counting: Bool = true) {
    if kept.count < Self.limit { kept.append(line) } else if counting { more += 1 }
  }

  /// One line each, and how many are left out.
  var lines: [String] { more == 0 ? kept : kept + ["and \(more) more places"] }
}
