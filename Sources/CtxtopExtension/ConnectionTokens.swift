// Which connection record belongs to which Python object: SQLAlchemy's pool names a connection by its
// `_ConnectionRecord`, or, once detached, by the driver's connection. Kept by address; a weak reference to
// the object takes the entry out when the object goes without a word (its pool was collected).

import CCtxtop
@preconcurrency import CPython

/// What is known of an open connection.
struct KnownConnection {
  var token: HoldingToken?
  /// The attachment that `token` belongs to; 0: none.
  var attachment: UInt64
  /// The process that opened the connection.
  var opener: Int32
  /// A weak reference that lives in this table.
  var watch: Object?
}

/// Open addressing by address. Needs the GIL.
enum ConnectionTokens {
  private static let size = 4096  // a power of two
  private static let limit = 3072
  private typealias Entry = (key: UInt, known: KnownConnection)
  private static let free: UInt = 0
  nonisolated(unsafe) private static var entries: UnsafeMutablePointer<Entry>?
  nonisolated(unsafe) private static var count = 0

  /// What is known under an object's address.
  static func find(_ object: Object?) -> KnownConnection? {
    guard let entries, let index = index(of: key(object)) else { return nil }
    return entries[index].known
  }

  /// Remembers a connection. False: the table is full.
  static func remember(_ object: Object?, _ known: KnownConnection) -> Bool {
    if entries == nil {
      entries = .allocate(capacity: size)
      for index in 0..<size { entries?[index] = (free, KnownConnection(token: nil, attachment: 0, opener: 0)) }
    }
    guard let entries else { return false }
    let key = key(object)
    if let index = index(of: key) {
      let old = entries[index].known.watch
      entries[index].known = known
      if old != known.watch { Py_DecRef(old) }
      return true
    }
    guard count < limit else { return false }
    var index = slot(of: key)
    while entries[index].key != free { index = (index &+ 1) & (size - 1) }
    entries[index] = (key, known)
    count &+= 1
    return true
  }

  /// Forgets a connection and gives what was known of it.
  static func forget(_ object: Object?) -> KnownConnection? { forget(key: key(object)) }

  /// The same by address: the object itself may be gone.
  static func forget(key: UInt) -> KnownConnection? {
    guard let entries, let found = index(of: key) else { return nil }
    let known = entries[found].known
    count &-= 1
    // Entries behind this one that are not in their own place move up, so that no probe ends too early.
    var hole = found
    var index = (found &+ 1) & (size - 1)
    while entries[index].key != free {
      let home = slot(of: entries[index].key)
      if (index &- home) & (size - 1) >= (index &- hole) & (size - 1) {
        entries[hole] = entries[index]
        hole = index
      }
      index = (index &+ 1) & (size - 1)
    }
    entries[hole] = (free, KnownConnection(token: nil, attachment: 0, opener: 0))
    return known
  }

  static func key(_ object: Object?) -> UInt { UInt(bitPattern: object) }

  private static func slot(of key: UInt) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9e37_79b9_7f4a_7c15) &>> 52)
  }

  private static func index(of key: UInt) -> Int? {
    guard let entries else { return nil }
    var index = slot(of: key)
    while entries[index].key != free {
      if entries[index].key == key { return index }
      index = (index &+ 1) & (size - 1)
    }
    return nil
  }
}
