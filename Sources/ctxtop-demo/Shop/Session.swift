// A session: whose it is, and the connection and transaction that its work is done in. It belongs to an app context,
// and a teardown function of the app removes it.

import CtxtopContexts
import GRDB

/// The session of one app context.
final class Session {
  /// Who was served when it was made.
  let user: String
  private let connections: Connections
  private var connection: TakenConnection?
  /// What is open in it, as far as was seen when it was last worked in.
  private(set) var state = SessionState()

  init(of user: String, _ connections: Connections) {
    self.user = user
    self.connections = connections
  }

  /// Whether it has a connection.
  var isConnected: Bool { connection != nil }

  /// Works in its transaction, which begins here if there is none. What it read stays as it is until its end.
  func work<Result>(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
    _ body: (GRDB.Database) throws -> Result
  ) throws -> Result {
    let queue = try connected(file, line, function).queue
    return try queue.inDatabase { database in
      if !database.isInsideTransaction { try database.beginTransaction(.deferred) }
      state.insert(.inTransaction)
      let before = database.totalChangesCount
      defer { if database.totalChangesCount > before { state.insert(.dirty) } }
      return try body(database)
    }
  }

  /// Ends the transaction. One that cannot be committed is undone, and the reason is thrown.
  func commit() throws {
    defer { state = [] }
    try connection?.queue.inDatabase { database in
      guard database.isInsideTransaction else { return }
      do { try database.commit() } catch {
        try? database.rollback()
        throw error
      }
    }
  }

  /// Undoes what was not committed, and returns the connection.
  func remove() {
    guard let connection else { return }
    self.connection = nil
    state = []
    connection.queue.inDatabase { database in
      if database.isInsideTransaction { try? database.rollback() }
    }
    connections.giveBack(connection)
  }

  private func connected(_ file: StaticString, _ line: UInt, _ function: StaticString) throws -> TakenConnection {
    if let connection { return connection }
    let taken = try connections.take(file: file, line: line, function: function)
    connection = taken
    Desk.current.deeds.checkouts += 1
    return taken
  }
}
