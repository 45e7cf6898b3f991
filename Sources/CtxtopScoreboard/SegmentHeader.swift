// The header page of a segment: what must be true of it before anything else in the file is believed.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopSnapshot
#endif

package enum SegmentHeader {
  /// Fills the header of a new segment; the file has no name yet, so nobody reads meanwhile.
  package static func write(to header: Words, service: String) {
    header.store(CTXTOP_HEADER_VERSION, version)
    header.store(CTXTOP_HEADER_SLOTS, slots)
    header.store(CTXTOP_HEADER_CAPACITIES, Words.pack(UInt32(CTXTOP_LANES), UInt32(CTXTOP_NAMES)))
    header.store(CTXTOP_HEADER_CAPACITIES_2, Words.pack(UInt32(CTXTOP_UNITS), UInt32(CTXTOP_CONTEXTS)))
    header.store(CTXTOP_HEADER_CAPACITIES_3, Words.pack(UInt32(CTXTOP_HOLDINGS), UInt32(CTXTOP_FAILURES)))
    header.store(CTXTOP_HEADER_CREATED, Clock.wall())
    _ = service.withBytes { bytes in
      let shown = UnsafeRawBufferPointer(rebasing: bytes[..<shownCount(bytes)])
      return header.storeText(CTXTOP_HEADER_SERVICE, shown, capacity: serviceBytes)
    }
    header.store(CTXTOP_HEADER_MAGIC, CTXTOP_MAGIC)
  }

  /// How much of a service's name is shown: not the hash of user and path that makes its files' names unique.
  private static func shownCount(_ stem: UnsafeRawBufferPointer) -> Int {
    let end = stem.count - hashCount
    guard end > 0, stem[end] == UInt8(ascii: "-") else { return stem.count }
    for byte in stem[(end + 1)...] {
      let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      guard isDigit || byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "f") else { return stem.count }
    }
    return end
  }

  /// Whether the header is one of this layout, to the letter.
  package static func isOurs(_ header: Words) -> Bool {
    isSegment(header) && header.load(CTXTOP_HEADER_VERSION) == version
      && header.load(CTXTOP_HEADER_SLOTS) == slots
  }

  /// Whether the file is a segment of any version.
  package static func isSegment(_ header: Words) -> Bool { header.load(CTXTOP_HEADER_MAGIC) == CTXTOP_MAGIC }

  /// The layout version that a segment's header tells.
  package static func layout(_ header: Words) -> UInt32 { header.load(CTXTOP_HEADER_VERSION).low }

  /// The service's name. The header is never changed once it can be seen.
  package static func serviceText(_ header: Words) -> UnsafeRawBufferPointer {
    let start = header.base + CTXTOP_HEADER_SERVICE * 8
    return UnsafeRawBufferPointer(start: start, count: strnlen(start.assumingMemoryBound(to: CChar.self), serviceBytes))
  }

  private static let version = Words.pack(UInt32(CTXTOP_LAYOUT), UInt32(CTXTOP_PAGE_BYTES))
  private static let slots = Words.pack(UInt32(CTXTOP_SLOTS), UInt32(CTXTOP_SLOT_BYTES / CTXTOP_PAGE_BYTES))
  /// A hyphen and six hexadecimal digits.
  private static let hashCount = 7
  private static let serviceBytes = CTXTOP_HEADER_SERVICE_WORDS * 8 - 1
}

/// Where slots and their tables lie.
package enum SlotLayout {
  /// Offset of a slot in the file, in bytes.
  @inline(__always)
  package static func offset(of slot: Int) -> Int { CTXTOP_PAGE_BYTES &+ slot &* CTXTOP_SLOT_BYTES }
}

/// The four tables of a slot that grow.
package enum Table: Int, CaseIterable {
  case names, units, holdings, failures

  /// Offset from the slot's start, in bytes.
  package var offset: Int {
    switch self {
    case .names: CTXTOP_NAMES_BYTES
    case .units: CTXTOP_UNITS_BYTES
    case .holdings: CTXTOP_HOLDINGS_BYTES
    case .failures: CTXTOP_FAILURES_BYTES
    }
  }

  /// Words of one record.
  package var words: Int {
    switch self {
    case .names: CTXTOP_NAME_WORDS
    case .units: CTXTOP_UNIT_WORDS
    case .holdings: CTXTOP_HOLDING_WORDS
    case .failures: CTXTOP_FAILURE_WORDS
    }
  }

  /// Bytes of one record.
  package var recordBytes: Int { words &* 8 }

  /// Records at the most.
  package var capacity: Int {
    switch self {
    case .names: CTXTOP_NAMES
    case .units: CTXTOP_UNITS
    case .holdings: CTXTOP_HOLDINGS
    case .failures: CTXTOP_FAILURES
    }
  }

  /// Records that are allocated at a time: whole pages.
  package var chunk: Int {
    switch self {
    case .names: 256
    case .units: 64
    case .holdings: 64
    // The functions of one teardown may all fail at once: half of these are free when they do.
    case .failures: 16
    }
  }

  /// Word of the control page that tells how many records have pages.
  package var allocatedWord: Int { CTXTOP_SLOT_ALLOCATED_NAMES + rawValue }
  /// Word of the control page that tells how many records were ever used.
  package var usedWord: Int { CTXTOP_SLOT_USED_NAMES + rawValue }
}
