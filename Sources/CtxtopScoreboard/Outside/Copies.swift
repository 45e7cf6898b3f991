// Parts of a segment's file, copied into memory of the reader's own.

import CCtxtop

/// A buffer that a range of the file is read into; grown as needed, and zero where the file has ended.
struct Copies {
  private var base: UnsafeMutableRawPointer?
  private var capacity = 0

  var words: Words { Words(base!) }

  /// Reads a range; false: the file ends before it (or in it, unless a part is enough).
  mutating func read(
    _ file: Int32, offset: Int, bytes: Int, orPart: Bool = false
  ) throws(SegmentError) -> Bool {
    reserve(max(bytes, 8))
    guard let base else { return false }
    var done = 0
    while done < bytes {
      let count = pread(file, base + done, bytes - done, offset + done)
      if count < 0, ctxtop_errno() == EINTR { continue }
      if count < 0 { throw .system(SystemFailure("reading the segment", ctxtop_errno())) }
      if count == 0 { break }
      done += count
    }
    if done < bytes { memset(base + done, 0, bytes - done) }
    return done == bytes || orPart && done > 0
  }

  private mutating func reserve(_ bytes: Int) {
    if bytes <= capacity { return }
    base?.deallocate()
    base = .allocate(byteCount: bytes, alignment: 64)
    capacity = bytes
  }

  /// Gives the memory back; the value is not used afterwards.
  func free() { base?.deallocate() }
}

/// The names of one slot. They are written once, so what was read stays true while the slot has the same tenant: a
/// pass reads only what came since the last.
struct NameCopies {
  private var generation: UInt32 = 0
  private var base: UnsafeMutableRawPointer?
  private(set) var count = 1

  /// Only after `read`.
  var words: Words { Words(base!) }

  /// Reads the names that came since the last time; the slot has used `used` of them.
  mutating func read(_ file: Int32, _ start: Int, generation: UInt32, count used: Int) throws(SegmentError) {
    let bytes = Table.names.recordBytes
    if generation != self.generation { count = 1 }
    self.generation = generation
    let base = self.base ?? .allocate(byteCount: CTXTOP_NAMES &* bytes, alignment: 64)
    self.base = base
    // One that was taken but not yet written (or its writer died) is looked at again next time.
    var settled = 1
    while settled < count, Words(base).load(settled &* CTXTOP_NAME_WORDS) != 0 { settled &+= 1 }
    guard used > settled else { return }
    let place = start &+ Table.names.offset &+ settled &* bytes
    let done = pread(file, base + settled &* bytes, (used &- settled) &* bytes, place)
    if done < 0 { throw .system(SystemFailure("reading the segment", ctxtop_errno())) }
    count = settled &+ done / bytes
  }

  /// Gives the memory back; the value is not used afterwards.
  func free() { base?.deallocate() }
}
