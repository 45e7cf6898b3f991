// The pool's connections as ctxtop is told of them: each taking and returning, by whoever does it.

import CtxtopContexts
import GRDB
import Synchronization

/// A connection that was taken from the pool. Whoever has it returns it, or nobody does: it goes on existing.
final class TakenConnection: Sendable {
  let queue: DatabaseQueue
  fileprivate let tracked: TrackedConnection

  fileprivate init(_ queue: DatabaseQueue, _ tracked: TrackedConnection) {
    self.queue = queue
    self.tracked = tracked
  }
}

/// One worker's pool, watched.
final class Connections: Sendable {
  private let database: Database
  private let engine: Engine
  /// All that were opened: a pool knows its own, also those that nobody has in his hands any more.
  private let opened = Mutex<[ObjectIdentifier: TakenConnection]>([:])

  init(_ database: Database) {
    self.database = database
    engine = Engine(url: database.url, poolSize: database.size, overflow: 0, timeout: 1000)
  }

  /// Takes one; throws when none comes back in time.
  func take(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) throws -> TakenConnection {
    let (queue, isNew) = try database.take()
    let connection = opened.withLock { opened in
      if isNew { opened[ObjectIdentifier(queue)] = TakenConnection(queue, engine.opened()) }
      return opened[ObjectIdentifier(queue)]!
    }
    connection.tracked.checkedOut(file: file, line: line, function: function)
    return connection
  }

  /// Returns one.
  func giveBack(_ connection: TakenConnection) {
    // Told first: as soon as it is back, another thread may have it.
    connection.tracked.checkedIn()
    database.giveBack(connection.queue)
  }
}
