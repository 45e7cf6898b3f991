// Writing holding records: connections, orphan sessions and resources (locks and the like). One may be taken,
// used and returned by different threads, so every change is made by whoever turned the change count odd; a
// lost race is dropped and counted.

import CCtxtop

/// Names one tenant of one holding record: index and generation.
package struct HoldingToken: Equatable, Sendable {
  package let index: UInt32
  package let generation: UInt32

  package init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// Who holds something, as words.
package struct HolderWords {
  package var unit: UInt64 = Words.pack(none32, 0)
  package var request: UInt64 = 0
  package var context: UInt64 = 0
  package var label: UInt64 = 0
  package var frame: UInt32 = 0
  /// Whether the context had ended already. Not stored: its serial number is on no stack.
  package var hasEnded = false
  package init() {}
}

extension Slot {
  /// Something is there from now on. `kind` and `subject` as layout.h has them; state 0 is at rest, held by nobody.
  /// Nil: the table is full (which is counted).
  package func openHolding(
    kind: Int, subject: UInt64, state: UInt32 = 0, holder: HolderWords = HolderWords(), at now: UInt64
  ) -> HoldingToken? {
    let tenant = Tenancy.live | state &<< 8 | UInt32(kind) &<< 16
    for index in 0..<used(.holdings) {
      guard record(.holdings, index).load(CTXTOP_HOLDING_TENANT).low & 0xff == Tenancy.free else { continue }
      if let token = begin(index, tenant, subject, holder, at: now) { return token }
    }
    // A record that was just added may be found by another thread's search before it is ours.
    while let index = takeUnused(.holdings) {
      if let token = begin(index, tenant, subject, holder, at: now) { return token }
    }
    control.add(CTXTOP_SLOT_DROPPED_HOLDINGS)
    return nil
  }

  private func begin(
    _ index: Int, _ live: UInt32, _ subject: UInt64, _ holder: HolderWords, at now: UInt64
  ) -> HoldingToken? {
    let record = record(.holdings, index)
    guard ChangeCount.beginShared(record) else { return nil }
    let tenant = record.load(CTXTOP_HOLDING_TENANT)
    guard tenant.low & 0xff == Tenancy.free else {
      ChangeCount.end(record)
      return nil
    }
    let generation = tenant.high &+ 1
    record.store(CTXTOP_HOLDING_TENANT, Words.pack(live, generation))
    record.store(CTXTOP_HOLDING_SUBJECT, subject)
    record.store(CTXTOP_HOLDING_OPENED, now)
    store(holder, in: record, at: now)
    record.store(CTXTOP_HOLDING_HEIR_REQUEST, 0)
    ChangeCount.end(record)
    return HoldingToken(index: UInt32(index), generation: generation)
  }

  /// It came into a new state (the raw value of its kind's enumeration), with a holder where it has one.
  package func moveHolding(_ token: HoldingToken, to state: UInt32, holder: HolderWords, at now: UInt64) {
    change(token) { record in
      let kind = record.load(CTXTOP_HOLDING_TENANT).low & 0xff_0000
      record.store(CTXTOP_HOLDING_TENANT, Words.pack(Tenancy.live | state &<< 8 | kind, token.generation))
      store(holder, in: record, at: now)
    }
  }

  /// The flags of a session as they are now; when a request has inherited it, which one.
  package func changeSession(_ token: HoldingToken, flags: UInt32, heir: UInt64, label: UInt64) {
    change(token) { record in
      let scope = record.load(CTXTOP_HOLDING_SUBJECT).low
      record.store(CTXTOP_HOLDING_SUBJECT, Words.pack(scope, flags))
      if heir == 0 { return }
      record.store(CTXTOP_HOLDING_HEIR_LABEL, label)
      record.store(CTXTOP_HOLDING_HEIR_REQUEST, heir)
    }
  }

  /// It is held no more: returned, closed, removed.
  package func closeHolding(_ token: HoldingToken) {
    change(token) { record in
      record.store(CTXTOP_HOLDING_TENANT, Words.pack(Tenancy.free, token.generation))
    }
  }

  @inline(__always)
  private func change(_ token: HoldingToken, _ body: (Words) -> Void) {
    let record = record(.holdings, Int(token.index))
    guard ChangeCount.beginShared(record) else {
      control.add(CTXTOP_SLOT_DROPPED_RACES)
      return
    }
    let tenant = record.load(CTXTOP_HOLDING_TENANT)
    if tenant.high == token.generation, tenant.low & 0xff == Tenancy.live { body(record) }
    ChangeCount.end(record)
  }

  @inline(__always)
  private func store(_ holder: HolderWords, in record: Words, at now: UInt64) {
    record.store(CTXTOP_HOLDING_SINCE, now)
    record.store(CTXTOP_HOLDING_UNIT, holder.unit)
    record.store(CTXTOP_HOLDING_REQUEST, holder.request)
    record.store(CTXTOP_HOLDING_CONTEXT, holder.context)
    record.store(CTXTOP_HOLDING_LABEL, holder.label)
    record.store(CTXTOP_HOLDING_FRAME, Words.pack(holder.frame, 0))
  }

  /// Describes an engine; its index, or the one of the same description; nil: the table is full.
  package func describeEngine(url: UInt32, poolSize: UInt32, overflow: UInt32, timeout: UInt32) -> UInt32? {
    let description = Words.pack(url, poolSize)
    let pool = Words.pack(overflow, timeout)
    for index in 0..<CTXTOP_ENGINES {
      let engine = control.advanced(by: CTXTOP_SLOT_ENGINES + index * CTXTOP_ENGINE_WORDS)
      if engine.exchange(CTXTOP_ENGINE_READY, expected: 0, with: 2) {
        engine.store(CTXTOP_ENGINE_NAME, description)
        engine.store(CTXTOP_ENGINE_OVERFLOW, pool)
        engine.store(CTXTOP_ENGINE_READY, 1)
        control.raise(CTXTOP_SLOT_USED_ENGINES, to: UInt64(index + 1))
        return UInt32(index)
      }
      if engine.load(CTXTOP_ENGINE_NAME) == description, engine.load(CTXTOP_ENGINE_OVERFLOW) == pool {
        return UInt32(index)
      }
    }
    return nil
  }

  /// Notes a hazard of the worker's configuration, once. Dropped when there are too many.
  package func noteHazard(code: UInt32, message: UInt32) {
    let hazard = Words.pack(code, message)
    for index in 0..<CTXTOP_HAZARDS {
      let word = CTXTOP_SLOT_HAZARDS &+ index
      if control.exchange(word, expected: 0, with: hazard) {
        return control.raise(CTXTOP_SLOT_USED_HAZARDS, to: UInt64(index &+ 1))
      }
      if control.load(word) == hazard { return }
    }
    control.add(CTXTOP_SLOT_DROPPED_HOLDINGS)
  }
}
