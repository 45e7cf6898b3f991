// A slot that gets other pages, in another file, while its tenant's threads go on writing to it: its segment has lost
// its name, and nobody can look for it there any more. The addresses stay, so that nobody who writes has to know.
//
//   1. all words are copied, to the new pages and to private ones: what was seen of each
//   2. the new pages take the place of the old ones, in one step of the kernel's
//   3. what was written to the old pages in between, and not to the new ones since, is copied too
//
// What must hold: each page of the new place is allocated before it can be written to. Whoever was in the middle of
// writing a record ends on the new pages what it began on the old ones; step 3 joins both parts, and only then readers
// may look. What takes two events within the same microseconds is given up: of a count that was added to on both, one
// part is lost, and a word that was changed and changed back keeps the first change until it is written again.

import CCtxtop

extension Slot {
  /// Moves to the pages of a slot just claimed in another file. Agent's thread only. False: nothing has changed.
  package func move(to place: Slot, in file: SegmentFile) -> Bool {
    let start = SlotLayout.offset(of: place.index)
    for table in Table.allCases {
      let count = allocated(table) &* table.recordBytes
      if (try? file.allocate(offset: start &+ table.offset, count: count)) == nil { return false }
    }
    guard let old = ctxtop_second_mapping(control.base, CTXTOP_SLOT_BYTES) else { return false }
    defer { munmap(old, CTXTOP_SLOT_BYTES) }
    guard let seen = ctxtop_private_memory(CTXTOP_SLOT_BYTES) else { return false }
    defer { munmap(seen, CTXTOP_SLOT_BYTES) }
    copy(from: Words(old), to: place.control, seen: Words(seen), isFirst: true)
    guard ctxtop_replace_mapping(control.base, CTXTOP_SLOT_BYTES, file.descriptor, start) == 0 else { return false }
    copy(from: Words(old), to: control, seen: Words(seen), isFirst: false)
    munmap(place.control.base, CTXTOP_SLOT_BYTES)
    // Who still looks at the old file is not to take the worker for dead.
    Words(old).store(CTXTOP_SLOT_TENANT, UInt64(Tenancy.free))
    let generation = control.load(CTXTOP_SLOT_TENANT).high
    control.store(CTXTOP_SLOT_TENANT, Words.pack(Tenancy.live, generation))
    return true
  }

  /// Copies all that has pages but the word that tells the tenant: everything, or what has changed since.
  @inline(never)
  private func copy(from old: Words, to new: Words, seen: Words, isFirst: Bool) {
    for part in -1..<Table.allCases.count {
      let table = Table(rawValue: part)
      let start = table.map { $0.offset / 8 } ?? 1
      let end = table.map { start &+ allocated($0) &* $0.words } ?? CTXTOP_NAMES_BYTES / 8
      for word in start..<end {
        let value = old.load(word)
        if isFirst {
          seen.storeRelaxed(word, value)
          new.store(word, value)
        } else if value != seen.loadRelaxed(word) {
          _ = new.exchange(word, expected: seen.loadRelaxed(word), with: value)
        }
      }
    }
  }
}
