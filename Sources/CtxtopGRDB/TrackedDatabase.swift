// Connections of GRDB: who reads or writes with which one, and since when. Built with the package's trait GRDB.
//
// GRDB tells when it opens a connection, and not when it lends one: that is told by who borrows, in `read` and `write`.

#if GRDB
  public import CtxtopContexts
  public import GRDB

  /// A database whose connections are tracked. Make its configuration by `tracking`, or its connections are not known.
  public struct TrackedDatabase<Writer: DatabaseWriter>: Sendable {
    /// The database itself. What is done without the functions below is not seen.
    public let writer: Writer

    /// A queue or pool that was opened with a configuration that tracks.
    public init(_ writer: Writer) { self.writer = writer }

    /// Reads on the calling thread.
    public func read<Value>(
      file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
      _ body: (Database) throws -> Value
    ) throws -> Value {
      try writer.read { try OpenConnections.lend($0, file, line, function, body) }
    }

    /// Writes on the calling thread.
    public func write<Value>(
      file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
      _ body: (Database) throws -> Value
    ) throws -> Value {
      try writer.write { try OpenConnections.lend($0, file, line, function, body) }
    }

    /// Reads without keeping the calling task's thread; the task is the holder.
    public func read<Value: Sendable>(
      file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
      _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
      let carrier = TaskCarrier()
      return try await writer.read { database in
        try carrier.run { try OpenConnections.lend(database, file, line, function, body) }
      }
    }

    /// Writes without keeping the calling task's thread; the task is the holder.
    public func write<Value: Sendable>(
      file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function,
      _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
      let carrier = TaskCarrier()
      return try await writer.write { database in
        try carrier.run { try OpenConnections.lend(database, file, line, function, body) }
      }
    }
  }

  extension Configuration {
    /// Tells of each connection that is opened and closed with this configuration. It counts as open until GRDB lets go of
    /// it, which may be a moment after `close()`: of the moment itself GRDB tells nobody.
    public mutating func track(_ engine: Engine) {
      prepareDatabase { database in
        let connection = OpenConnection(engine.opened(), database)
        database.add(transactionObserver: connection, extent: .databaseLifetime)
      }
    }
  }

  /// An open connection: GRDB keeps it as long as the connection.
  private final class OpenConnection: TransactionObserver {
    let connection: TrackedConnection
    private let database: ObjectIdentifier

    init(_ connection: TrackedConnection, _ database: Database) {
      self.connection = connection
      self.database = ObjectIdentifier(database)
      OpenConnections.known.withLock { [database = self.database] in $0[database] = connection }
    }

    deinit {
      _ = OpenConnections.known.withLock { [database] in $0.removeValue(forKey: database) }
      connection.closed()
    }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) {}
    func databaseDidRollback(_ db: Database) {}
  }

  private enum OpenConnections {
    static let known = Guarded<[ObjectIdentifier: TrackedConnection]>([:])

    /// Runs a body with a connection that is checked out meanwhile.
    static func lend<Value>(
      _ database: Database, _ file: StaticString, _ line: UInt, _ function: StaticString,
      _ body: (Database) throws -> Value
    ) throws -> Value {
      let connection = known.withLock { $0[ObjectIdentifier(database)] }
      connection?.checkedOut(file: file, line: line, function: function)
      defer { connection?.checkedIn() }
      return try body(database)
    }
  }
#endif
