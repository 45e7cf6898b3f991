// Events tell who and when; the real stack tells what is. When the two differ, the real stack wins: this is
// where a unit record is made to agree with it.

import CCtxtop

/// One context as the framework's own stack holds it.
package struct StackEntry {
  /// Added to the kind of a context that the framework keeps on purpose; where the record has its flags.
  package static let preserved: UInt32 = 0x100

  /// 0 app, 1 request; with `preserved`, perhaps.
  package let kind: UInt32
  /// The framework object.
  package let identity: UInt64
  /// Where it was pushed, as a name; 0: not known.
  package let frame: UInt32

  package init(kind: UInt32, identity: UInt64, frame: UInt32) {
    self.kind = kind
    self.identity = identity
    self.frame = frame
  }
}

extension UnitRecord {
  /// Makes the record agree with the real stack (bottom first). What is recorded and no longer there goes;
  /// what is there and was not recorded is entered as pushed outside of any request, at a time not before
  /// `now`. Tells of each context record that went without a pop.
  package func reconcile(
    with stack: UnsafeBufferPointer<StackEntry>, at now: UInt64, vanished: (Words) -> Void
  ) {
    let kept = CTXTOP_CONTEXTS * CTXTOP_CONTEXT_WORDS
    withUnsafeTemporaryAllocation(byteCount: kept * 8, alignment: 8) { copy in
      let old = Words(copy.baseAddress!)
      for word in 0..<kept { old.storeRelaxed(word, words.loadRelaxed(CTXTOP_UNIT_CONTEXTS &+ word)) }
      let count = entries
      if rebuild(from: old, count: count, as: stack, at: now) == count { return }
      for index in 0..<count {
        let context = old.advanced(by: index &* CTXTOP_CONTEXT_WORDS)
        let identity = context.loadRelaxed(CTXTOP_CONTEXT_IDENTITY)
        if !stack.contains(where: { $0.identity == identity }) { vanished(context) }
      }
    }
  }

  /// How many of the recorded contexts are still there.
  private func rebuild(from old: Words, count: Int, as stack: UnsafeBufferPointer<StackEntry>, at now: UInt64) -> Int {
    var apps: UInt32 = 0
    var requests: UInt32 = 0
    var next = 0
    var matched = 0
    var serial = words.loadRelaxed(CTXTOP_UNIT_SERIALS)
    ChangeCount.beginOwned(words)
    for (position, entry) in stack.enumerated() {
      if entry.kind & 0xff == 0 { apps &+= 1 } else { requests &+= 1 }
      guard position < CTXTOP_CONTEXTS else { continue }
      let context = context(position)
      if let source = Self.find(entry.identity, in: old, from: &next, count: count) {
        for word in 0..<CTXTOP_CONTEXT_WORDS { context.store(word, source.loadRelaxed(word)) }
        // What a test client pushed to keep it is kept until it is popped; the stack only tells of a request's own.
        let kind = source.loadRelaxed(CTXTOP_CONTEXT_KIND)
        let kept = source.loadRelaxed(CTXTOP_CONTEXT_REQUEST) == 0 ? kind.low & StackEntry.preserved : 0
        context.store(CTXTOP_CONTEXT_KIND, Words.pack(entry.kind | kept, kind.high))
        matched &+= 1
      } else {
        serial &+= 1
        for word in 0..<CTXTOP_CONTEXT_WORDS { context.store(word, 0) }
        context.store(CTXTOP_CONTEXT_SERIAL, serial)
        context.store(CTXTOP_CONTEXT_PUSHED, now)
        context.store(CTXTOP_CONTEXT_KIND, Words.pack(entry.kind, entry.frame))
        context.store(CTXTOP_CONTEXT_IDENTITY, entry.identity)
      }
    }
    words.store(CTXTOP_UNIT_SERIALS, serial)
    words.store(CTXTOP_UNIT_DEPTH, Words.pack(apps, requests))
    let recorded = UInt32(min(stack.count, CTXTOP_CONTEXTS))
    words.store(CTXTOP_UNIT_NAME, Words.pack(words.loadRelaxed(CTXTOP_UNIT_NAME).low, recorded))
    ChangeCount.end(words)
    return matched
  }

  /// The next recorded context with this identity; both stacks are in the order of pushing.
  private static func find(_ identity: UInt64, in old: Words, from next: inout Int, count: Int) -> Words? {
    var index = next
    while index < count {
      let context = old.advanced(by: index &* CTXTOP_CONTEXT_WORDS)
      index &+= 1
      if context.loadRelaxed(CTXTOP_CONTEXT_IDENTITY) == identity {
        next = index
        return context
      }
    }
    return nil
  }

  /// A server has begun a request while an earlier one, whose context is on top, was never closed: it gave that up, a
  /// stream whose client went away most likely. What it left is marked. Returns how many contexts these are.
  package func abandonEarlier(at now: UInt64) -> Int {
    guard let context = top(0) else { return 0 }
    let earlier = context.loadRelaxed(CTXTOP_CONTEXT_REQUEST)
    if earlier == 0 || context.loadRelaxed(CTXTOP_CONTEXT_LEFT) != 0 { return 0 }
    words.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, earlier)
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_OUTERMOST, 0)
    ChangeCount.end(words)
    return markLeft(by: earlier, label: Label(word: context.loadRelaxed(CTXTOP_CONTEXT_LABEL)), at: now)
  }

  /// Marks contexts that a closed request left on the stack, except those that are kept on purpose; names those
  /// that the router never got to name.
  /// Returns how many were newly found.
  package func markLeft(by request: UInt64, label: Label, at now: UInt64) -> Int {
    var found = 0
    ChangeCount.beginOwned(words)
    for index in 0..<entries {
      let context = context(index)
      guard context.loadRelaxed(CTXTOP_CONTEXT_REQUEST) == request,
        context.loadRelaxed(CTXTOP_CONTEXT_LEFT) == 0,
        context.loadRelaxed(CTXTOP_CONTEXT_KIND).low & StackEntry.preserved == 0
      else { continue }
      context.store(CTXTOP_CONTEXT_LEFT, now)
      context.store(CTXTOP_CONTEXT_LABEL, label.word)
      found &+= 1
    }
    ChangeCount.end(words)
    return found
  }
}
