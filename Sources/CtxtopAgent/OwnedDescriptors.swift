// The descriptors that the agent owns, and how it knows that they are still its own. Applications close all
// descriptors, and what they open next gets the same numbers: using or closing a number that is not ours any
// more would hit the application's own files. So each is remembered with its inode, and looked at first.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// A table of descriptors in plain memory: the fork handler reads it, where nothing may be allocated.
package enum OwnedDescriptors {
  private static let capacity = 160
  private static let words = 3  // descriptor + 1, device, inode
  nonisolated(unsafe) private static var table: Words?

  /// Makes the table. Once, before the first descriptor.
  package static func prepare() {
    if table != nil { return }
    let memory = UnsafeMutableRawPointer.allocate(byteCount: capacity * words * 8, alignment: 8)
    memset(memory, 0, capacity * words * 8)
    table = Words(memory)
  }

  /// Takes a descriptor into the table. False: the table is full or the descriptor is not open.
  package static func add(_ descriptor: Int32) -> Bool {
    guard let table, let identity = try? FileIdentity(of: descriptor) else { return false }
    // Another one of ours had this number, and the application has closed it.
    if let stale = entry(of: descriptor) { stale.store(0, 0) }
    for index in 0..<capacity {
      let entry = table.advanced(by: index * words)
      guard entry.exchange(0, expected: 0, with: .max) else { continue }
      entry.store(1, identity.device)
      entry.store(2, identity.inode)
      entry.store(0, UInt64(UInt32(bitPattern: descriptor)) &+ 1)
      return true
    }
    return false
  }

  /// Whether a descriptor still leads to what it led to when it was added.
  @inline(never)
  package static func isOurs(_ descriptor: Int32) -> Bool {
    guard let entry = entry(of: descriptor) else { return false }
    return leadsHome(descriptor, entry)
  }

  /// Closes a descriptor if it is still ours, and forgets it.
  @inline(never)
  package static func close(_ descriptor: Int32) {
    guard let entry = entry(of: descriptor) else { return }
    if leadsHome(descriptor, entry) { _ = CCtxtop.close(descriptor) }
    entry.store(0, 0)
  }

  /// Closes all of them and forgets them. Async-signal-safe: for the child of a fork.
  package static func closeAll() {
    guard let table else { return }
    for index in 0..<capacity {
      let entry = table.advanced(by: index * words)
      let value = entry.load(0)
      if value == 0 { continue }
      let descriptor = Int32(truncatingIfNeeded: value &- 1)
      if value != .max, leadsHome(descriptor, entry) { _ = CCtxtop.close(descriptor) }
      entry.store(0, 0)
    }
  }

  @inline(never)
  private static func entry(of descriptor: Int32) -> Words? {
    guard let table else { return nil }
    for index in 0..<capacity {
      let entry = table.advanced(by: index * words)
      if entry.load(0) == UInt64(UInt32(bitPattern: descriptor)) &+ 1 { return entry }
    }
    return nil
  }

  private static func leadsHome(_ descriptor: Int32, _ entry: Words) -> Bool {
    var status = stat()
    return fstat(descriptor, &status) == 0 && UInt64(status.st_dev) == entry.load(1)
      && UInt64(status.st_ino) == entry.load(2)
  }
}
