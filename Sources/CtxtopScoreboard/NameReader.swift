// The reader's side of a slot's names. They are written once, so what was read stays true while the slot
// has the same tenant: a pass reads only what came since the last.

import CCtxtop

/// The names of one slot, as far as they were read.
package struct NameReader {
  private var generation: UInt32 = 0
  package private(set) var names: [String] = [""]

  package init() {}

  /// Reads the names that `table` holds beyond those already known; `count` records of it may be looked at.
  package mutating func advance(generation: UInt32, table: Words, from first: Int, count: Int) {
    begin(generation)
    var index = names.count
    while index < count {
      let record = table.advanced(by: (index &- first) &* CTXTOP_NAME_WORDS)
      let length = Int(truncatingIfNeeded: record.load(CTXTOP_NAME_LENGTH))
      // Taken but not yet written (or its writer died): what comes behind it is looked at again next time.
      if length < 1 { return }
      names.append(record.text(CTXTOP_NAME_TEXT, count: length &- 1, capacity: CTXTOP_NAME_TEXT_BYTES))
      index &+= 1
    }
  }

  /// How many names are known of this tenant.
  package mutating func known(generation: UInt32) -> Int {
    begin(generation)
    return names.count
  }

  private mutating func begin(_ generation: UInt32) {
    if generation == self.generation { return }
    self.generation = generation
    names = [""]
  }
}
