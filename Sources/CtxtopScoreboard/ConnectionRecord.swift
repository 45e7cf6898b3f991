// Writing connection records. A connection may be opened, used and closed by different threads, so every
// change is made by whoever turned the change count odd; a lost race is dropped and counted.

import CCtxtop

/// Names one tenant of one connection record: index and generation.
package struct ConnectionToken: Equatable, Sendable {
  package let index: UInt32
  package let generation: UInt32

  package init(index: UInt32, generation: UInt32) {
    self.index = index
    self.generation = generation
  }
}

/// Who holds a connection, as words.
package struct HolderWords {
  package var unit: UInt64 = Words.pack(none32, 0)
  package var request: UInt64 = 0
  package var context: UInt64 = 0
  package var label: UInt64 = 0
  package var frame: UInt32 = 0
  package init() {}
}

extension Slot {
  /// A connection was opened. Nil: the table is full (which is counted).
  package func openConnection(engine: UInt32, backendPID: UInt32, at now: UInt64) -> ConnectionToken? {
    for index in 0..<used(.connections) {
      guard record(.connections, index).load(CTXTOP_CONNECTION_TENANT).low & 0xff == Tenancy.free else { continue }
      if let token = begin(index, engine: engine, backendPID: backendPID, at: now) { return token }
    }
    // A record that was just added may be found by another thread's search before it is ours.
    while let index = takeUnused(.connections) {
      if let token = begin(index, engine: engine, backendPID: backendPID, at: now) { return token }
    }
    control.add(CTXTOP_SLOT_DROPPED_CONNECTIONS)
    return nil
  }

  private func begin(_ index: Int, engine: UInt32, backendPID: UInt32, at now: UInt64) -> ConnectionToken? {
    let record = record(.connections, index)
    guard ChangeCount.beginShared(record) else { return nil }
    let tenant = record.load(CTXTOP_CONNECTION_TENANT)
    guard tenant.low & 0xff == Tenancy.free else {
      ChangeCount.end(record)
      return nil
    }
    let generation = tenant.high &+ 1
    record.store(CTXTOP_CONNECTION_TENANT, Words.pack(Tenancy.live, generation))
    record.store(CTXTOP_CONNECTION_ENGINE, Words.pack(engine, backendPID))
    record.store(CTXTOP_CONNECTION_OPENED, now)
    store(HolderWords(), in: record, at: now)
    ChangeCount.end(record)
    return ConnectionToken(index: UInt32(index), generation: generation)
  }

  /// A connection came into a new state (a raw `ConnectionState`), with its holder when it was checked out.
  package func moveConnection(_ token: ConnectionToken, to state: UInt32, holder: HolderWords, at now: UInt64) {
    change(token) { record in
      record.store(CTXTOP_CONNECTION_TENANT, Words.pack(Tenancy.live | state &<< 8, token.generation))
      store(holder, in: record, at: now)
    }
  }

  /// A connection was closed.
  package func closeConnection(_ token: ConnectionToken) {
    change(token) { record in
      record.store(CTXTOP_CONNECTION_TENANT, Words.pack(Tenancy.free, token.generation))
    }
  }

  @inline(__always)
  private func change(_ token: ConnectionToken, _ body: (Words) -> Void) {
    let record = record(.connections, Int(token.index))
    guard ChangeCount.beginShared(record) else {
      control.add(CTXTOP_SLOT_DROPPED_RACES)
      return
    }
    let tenant = record.load(CTXTOP_CONNECTION_TENANT)
    if tenant.high == token.generation, tenant.low & 0xff == Tenancy.live { body(record) }
    ChangeCount.end(record)
  }

  @inline(__always)
  private func store(_ holder: HolderWords, in record: Words, at now: UInt64) {
    record.store(CTXTOP_CONNECTION_SINCE, now)
    record.store(CTXTOP_CONNECTION_UNIT, holder.unit)
    record.store(CTXTOP_CONNECTION_REQUEST, holder.request)
    record.store(CTXTOP_CONNECTION_CONTEXT, holder.context)
    record.store(CTXTOP_CONNECTION_LABEL, holder.label)
    record.store(CTXTOP_CONNECTION_FRAME, Words.pack(holder.frame, 0))
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
}
