// The distinct strings of one block of a record, numbered from 1 in the order of their first use; 0 is
// the empty string or nil. (The guest needs no such table: its strings have numbers already, see SlotRecorder.)

struct StringTable: ~Copyable {
  private struct Entry {
    var offset: Int
    var length: Int
    var hash: UInt64
  }

  private(set) var strings = RecordStrings()
  private var entries: [Entry] = []
  private var slots = [UInt32](repeating: 0, count: 128)

  /// Forgets all strings.
  mutating func clear() {
    strings.clear()
    entries = []
    for index in slots.indices { slots[index] = 0 }
  }

  /// The number of a string; the same for equal bytes.
  @inline(__always)
  mutating func number(of string: String) -> UInt64 {
    if string.utf8.isEmpty { return 0 }
    return numberOfAny(string)
  }

  /// The number of a string; unlike nil, an empty string has one.
  mutating func number(of string: String?) -> UInt64 {
    guard let string else { return 0 }
    return numberOfAny(string)
  }

  @inline(never)
  private mutating func numberOfAny(_ string: String) -> UInt64 {
    string.withBytes { intern($0) } ?? 0
  }

  private mutating func intern(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let hash = Self.hash(bytes)
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      let number = slots[slot]
      let entry = entries[Int(number) &- 1]
      if entry.hash == hash, entry.length == bytes.count, equals(entry, bytes) { return UInt64(number) }
      slot = (slot &+ 1) & mask
    }
    let number = strings.add(bytes)
    entries.append(Entry(offset: strings.text.count &- bytes.count, length: bytes.count, hash: hash))
    slots[slot] = UInt32(truncatingIfNeeded: number)
    if entries.count &* 2 > slots.count { enlarge() }
    return number
  }

  private func equals(_ entry: Entry, _ bytes: UnsafeRawBufferPointer) -> Bool {
    strings.text.withBytes { all in
      var index = 0
      while index &+ 8 <= bytes.count {
        let known = all.loadUnaligned(fromByteOffset: entry.offset &+ index, as: UInt64.self)
        guard known == bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) else { return false }
        index &+= 8
      }
      while index < bytes.count {
        guard all[entry.offset &+ index] == bytes[index] else { return false }
        index &+= 1
      }
      return true
    }
  }

  private mutating func enlarge() {
    slots = [UInt32](repeating: 0, count: slots.count &* 4)
    let mask = slots.count &- 1
    for index in entries.indices {
      var slot = Int(truncatingIfNeeded: entries[index].hash) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = UInt32(truncatingIfNeeded: index &+ 1)
    }
  }

  /// Mixes at most the first and the last 32 bytes: tracebacks are long, and differ there.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = UInt64(bytes.count) &* 0x9E37_79B9_7F4A_7C15
    var index = 0
    while index &+ 8 <= bytes.count {
      if index == 32, bytes.count > 72 { index = bytes.count &- 32 }
      hash = mix(hash, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    var tail: UInt64 = 0
    while index < bytes.count {
      tail = (tail &<< 8) | UInt64(bytes[index])
      index &+= 1
    }
    return mix(hash, tail)
  }

  @inline(__always)
  private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = (hash ^ word) &* 0xFF51_AFD7_ED55_8CCD
    return mixed ^ (mixed &>> 32)
  }
}
