// Writing a unit record: the request it serves and the contexts on its stack. Only the unit's own thread
// calls these. Each function is one change of the record (see ChangeCount.swift).

import CCtxtop

/// A unit record in the hands of the thread that owns it.
package struct UnitRecord {
  package let words: Words

  @inline(__always)
  package init(_ words: Words) { self.words = words }

  // MARK: Requests

  /// What was open on the unit before a request began inside of it (an application calling itself).
  package struct Outer {
    package var request: UInt64 = 0
    package var started: UInt64 = 0
    package var label: UInt64 = 0
    package var phase: UInt64 = 0
    package init() {}
  }

  /// A request begins. Returns its serial number.
  @inline(__always)
  package func beginRequest(at now: UInt64, label: Label, outer: inout Outer) -> UInt64 {
    let phase = words.loadRelaxed(CTXTOP_UNIT_PHASE)
    var outermost: UInt64 = 0
    if phase != Phase.idle, isRequestOpen {
      outer.request = words.loadRelaxed(CTXTOP_UNIT_REQUEST)
      outer.started = words.loadRelaxed(CTXTOP_UNIT_STARTED)
      outer.label = words.loadRelaxed(CTXTOP_UNIT_LABEL)
      outer.phase = phase
      outermost = words.loadRelaxed(CTXTOP_UNIT_OUTERMOST)
      if outermost == 0 { outermost = outer.request }
    }
    let serial = words.loadRelaxed(CTXTOP_UNIT_SERIALS) &+ 1
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_SERIALS, serial)
    words.store(CTXTOP_UNIT_REQUESTS, words.loadRelaxed(CTXTOP_UNIT_REQUESTS) &+ 1)
    words.store(CTXTOP_UNIT_REQUEST, serial)
    words.store(CTXTOP_UNIT_OUTERMOST, outermost)
    words.store(CTXTOP_UNIT_STARTED, now)
    words.store(CTXTOP_UNIT_LABEL, label.word)
    words.store(CTXTOP_UNIT_PHASE, Phase.application)
    words.store(CTXTOP_UNIT_LAST_EVENT, now)
    ChangeCount.end(words)
    return serial
  }

  /// The application has returned; the server iterates over the response.
  @inline(__always)
  package func streamRequest(_ serial: UInt64) {
    guard words.loadRelaxed(CTXTOP_UNIT_REQUEST) == serial else { return }
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_PHASE, Phase.streaming)
    ChangeCount.end(words)
  }

  /// The response is closed. Contexts are looked after by `reconcile` and `markLeft`.
  @inline(__always)
  package func endRequest(_ serial: UInt64, at now: UInt64, outer: Outer) {
    guard words.loadRelaxed(CTXTOP_UNIT_REQUEST) == serial else {
      // The outer request ends before the inner one: it must not be taken up again when that ends.
      words.store(CTXTOP_UNIT_CLOSED_ELSEWHERE, serial)
      return
    }
    let isOuterOpen = outer.phase != Phase.idle && words.loadRelaxed(CTXTOP_UNIT_CLOSED_ELSEWHERE) != outer.request
    ChangeCount.beginOwned(words)
    if isOuterOpen {
      words.store(CTXTOP_UNIT_REQUEST, outer.request)
      words.store(CTXTOP_UNIT_STARTED, outer.started)
      words.store(CTXTOP_UNIT_LABEL, outer.label)
    }
    words.store(CTXTOP_UNIT_PHASE, isOuterOpen ? outer.phase : Phase.idle)
    words.store(CTXTOP_UNIT_LAST_EVENT, now)
    ChangeCount.end(words)
  }

  /// The serial number of the open request; 0: none.
  @inline(__always)
  package var openRequest: UInt64 {
    words.loadRelaxed(CTXTOP_UNIT_PHASE) == Phase.idle ? 0 : words.loadRelaxed(CTXTOP_UNIT_REQUEST)
  }

  /// Whether a request is open that nobody has closed: another thread can only leave a note of its closing.
  package var isRequestOpen: Bool {
    openRequest != 0 && words.loadRelaxed(CTXTOP_UNIT_CLOSED_ELSEWHERE) != openRequest
  }

  /// The label of the open request.
  @inline(__always)
  package var label: Label { Label(word: words.loadRelaxed(CTXTOP_UNIT_LABEL)) }

  /// A serial number that is on no stack and never will be.
  package func spendSerial() -> UInt64 {
    let serial = words.loadRelaxed(CTXTOP_UNIT_SERIALS) &+ 1
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_SERIALS, serial)
    ChangeCount.end(words)
    return serial
  }

  /// Names the open request once the router has, and the contexts that it pushed before.
  @inline(__always)
  package func nameRequest(endpoint: UInt32, rule: UInt32) {
    let open = openRequest
    if open == 0 { return }
    let named = Label(method: label.method, endpoint: endpoint, rule: rule)
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_LABEL, named.word)
    for index in 0..<entries {
      let context = context(index)
      if context.loadRelaxed(CTXTOP_CONTEXT_REQUEST) == open { context.store(CTXTOP_CONTEXT_LABEL, named.word) }
    }
    ChangeCount.end(words)
  }

  // MARK: Contexts

  /// Contexts that are recorded; the depths may be greater.
  @inline(__always)
  package var entries: Int {
    min(Int(words.loadRelaxed(CTXTOP_UNIT_NAME).high), CTXTOP_CONTEXTS)
  }

  /// A recorded context, bottom first.
  @inline(__always)
  package func context(_ index: Int) -> Words {
    words.advanced(by: CTXTOP_UNIT_CONTEXTS &+ index &* CTXTOP_CONTEXT_WORDS)
  }

  /// Contexts of a kind on the stack.
  @inline(__always)
  package func depth(_ kind: UInt32) -> UInt32 {
    let depth = words.loadRelaxed(CTXTOP_UNIT_DEPTH)
    return kind == 0 ? depth.low : depth.high
  }

  /// A context was pushed, in a request or outside of any (0). False: the stack is deeper than the record holds.
  @inline(__always)
  package func push(kind: UInt32, identity: UInt64, frame: UInt32, request: UInt64, at now: UInt64) -> Bool {
    let index = entries
    let serial = words.loadRelaxed(CTXTOP_UNIT_SERIALS) &+ 1
    let isLabelled = request != 0 && request == openRequest
    ChangeCount.beginOwned(words)
    storeDepth(kind, depth(kind) &+ 1)
    words.store(CTXTOP_UNIT_LAST_EVENT, now)
    if index < CTXTOP_CONTEXTS {
      words.store(CTXTOP_UNIT_SERIALS, serial)
      let context = context(index)
      context.store(CTXTOP_CONTEXT_SERIAL, serial)
      context.store(CTXTOP_CONTEXT_PUSHED, now)
      context.store(CTXTOP_CONTEXT_KIND, Words.pack(kind, frame))
      context.store(CTXTOP_CONTEXT_LABEL, isLabelled ? label.word : 0)
      context.store(CTXTOP_CONTEXT_REQUEST, request)
      context.store(CTXTOP_CONTEXT_SERVED, 0)
      context.store(CTXTOP_CONTEXT_LEFT, 0)
      context.store(CTXTOP_CONTEXT_IDENTITY, identity)
      storeEntries(index &+ 1)
    }
    ChangeCount.end(words)
    return index < CTXTOP_CONTEXTS
  }

  /// A context was popped by the code of a request, or of none (0). False: it is not on the record - it was pushed by another unit, or before the attach,
  /// or the stack is deeper than the record.
  @inline(__always)
  @discardableResult
  package func pop(kind: UInt32, identity: UInt64, request: UInt64 = 0, at now: UInt64) -> Bool {
    let count = entries
    let found = place(of: identity, request: request, count: count)
    ChangeCount.beginOwned(words)
    let depth = depth(kind)
    if depth > 0, found >= 0 || count == CTXTOP_CONTEXTS { storeDepth(kind, depth &- 1) }
    words.store(CTXTOP_UNIT_LAST_EVENT, now)
    if found >= 0 {
      for index in found &+ 1..<max(count, found &+ 1) { move(from: index, to: index &- 1) }
      storeEntries(count &- 1)
    }
    ChangeCount.end(words)
    return found >= 0
  }

  /// Where a context is that code of `request` pops; -1: it is not on the record. It may be there twice: a test client
  /// pushes what it keeps while a stream has it pushed already. Then each pops what it has pushed.
  @inline(__always)
  private func place(of identity: UInt64, request: UInt64, count: Int) -> Int {
    var found = -1
    var index = count &- 1
    while index >= 0 {
      let context = context(index)
      if context.loadRelaxed(CTXTOP_CONTEXT_IDENTITY) == identity {
        if context.loadRelaxed(CTXTOP_CONTEXT_REQUEST) == request { return index }
        if found < 0 { found = index }
      }
      index &-= 1
    }
    return found
  }

  /// The context on top is kept on purpose.
  package func keepTop() {
    guard let context = top else { return }
    let kind = context.loadRelaxed(CTXTOP_CONTEXT_KIND)
    ChangeCount.beginOwned(words)
    context.store(CTXTOP_CONTEXT_KIND, Words.pack(kind.low | StackEntry.preserved, kind.high))
    ChangeCount.end(words)
  }

  /// The recorded context that is a certain framework object; nil: it is not on the record.
  package func context(identity: UInt64) -> Words? {
    for index in 0..<entries where context(index).loadRelaxed(CTXTOP_CONTEXT_IDENTITY) == identity {
      return context(index)
    }
    return nil
  }

  /// The recorded context on top; nil where none is.
  package var top: Words? { entries > 0 ? context(entries &- 1) : nil }

  /// The recorded context of a kind that is nearest to the top; nil where none is.
  @inline(__always)
  package func top(_ kind: UInt32) -> Words? {
    var index = entries &- 1
    while index >= 0 {
      let context = context(index)
      if context.loadRelaxed(CTXTOP_CONTEXT_KIND).low & 0xff == kind { return context }
      index &-= 1
    }
    return nil
  }

  /// A request runs on the app context on top, which it did not push.
  package func reuse() {
    let context = top(0)
    ChangeCount.beginOwned(words)
    words.store(CTXTOP_UNIT_REUSED, words.loadRelaxed(CTXTOP_UNIT_REUSED) &+ 1)
    if let context { context.store(CTXTOP_CONTEXT_SERVED, context.loadRelaxed(CTXTOP_CONTEXT_SERVED) &+ 1) }
    ChangeCount.end(words)
  }

  @inline(__always)
  private func storeEntries(_ count: Int) {
    words.store(
      CTXTOP_UNIT_NAME, Words.pack(words.loadRelaxed(CTXTOP_UNIT_NAME).low, UInt32(truncatingIfNeeded: count)))
  }

  @inline(__always)
  private func storeDepth(_ kind: UInt32, _ depth: UInt32) {
    let old = words.loadRelaxed(CTXTOP_UNIT_DEPTH)
    words.store(CTXTOP_UNIT_DEPTH, kind == 0 ? Words.pack(depth, old.high) : Words.pack(old.low, depth))
  }

  private func move(from: Int, to: Int) {
    let source = context(from)
    let target = context(to)
    for word in 0..<CTXTOP_CONTEXT_WORDS { target.store(word, source.loadRelaxed(word)) }
  }
}
