// Locks that all workers share, as rows of the database: what a cache or a table of locks is to a real server. They
// belong to nobody but who deletes the row; a process that ends leaves its own.

import GRDB
import Glibc

/// Locks that the workers share.
final class SharedLocks: Sendable {
  /// What a visitor is told who waited in vain.
  struct IsTaken: Error {}

  private let queue: DatabaseQueue

  init(_ path: String) throws { queue = try Database.open(path) }

  /// Waits until the lock is free, then takes it; throws when that takes longer than a second.
  func take(_ name: String) throws {
    for _ in 0..<100 {
      if try insert(name) { return }
      usleep(10_000)
    }
    throw IsTaken()
  }

  func giveBack(_ name: String) throws {
    try queue.write { try $0.execute(sql: "DELETE FROM lock WHERE name = ?", arguments: [name]) }
  }

  private func insert(_ name: String) throws -> Bool {
    try queue.write {
      try $0.execute(sql: "INSERT OR IGNORE INTO lock VALUES (?, ?)", arguments: [name, Int(getpid())])
      return $0.changesCount == 1
    }
  }
}
