// The shop's database: a real SQLite file, and a pool of real connections (GRDB) that hands them out one by one and
// takes them back. GRDB has pools of its own, but whoever uses those cannot forget to return what was taken; here,
// that is what there is to see.

import GRDB
import Glibc

/// One worker's connections to the database.
final class Database: @unchecked Sendable {
  // Sendable: what threads share is touched under the mutex alone.

  /// What a visitor is told whose handler got no connection.
  struct PoolIsEmpty: Error {}

  /// For so long a handler waits for a connection.
  private static let patience = 1

  /// As engines are called.
  let url = "sqlite:///shop.db"
  let size: Int
  private let path: String
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var idle: [DatabaseQueue] = []
  private var opened = 0

  init(_ path: String, connections: Int) throws {
    self.path = path
    size = connections
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  /// Makes the tables, in the process that starts the workers.
  static func prepare(_ path: String) throws {
    do {
      let queue = try open(path, journal: .default)
      defer { try? queue.close() }
      // Small pages: what is written while a session is left in its transaction stays in the journal, page by page.
      // Their size is settled by the first table, and before the journal is another.
      try queue.inDatabase { try $0.execute(sql: "PRAGMA page_size = 512; \(schema)") }
    } catch {
      throw Trouble("making the database \(path)", "\(error)", "see whether /dev/shm has space")
    }
  }

  /// A connection; one that was returned, or a new one. Throws when there is none in time.
  func take() throws -> (queue: DatabaseQueue, isNew: Bool) {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    var end = timespec()
    clock_gettime(CLOCK_REALTIME, &end)
    end.tv_sec += Self.patience
    while true {
      if let queue = idle.popLast() { return (queue, false) }
      if opened < size {
        opened += 1
        do { return (try Self.open(path), true) } catch {
          opened -= 1
          throw error
        }
      }
      guard pthread_cond_timedwait(condition, mutex, &end) == 0 else { throw PoolIsEmpty() }
    }
  }

  /// Takes a connection back.
  func giveBack(_ queue: DatabaseQueue) {
    pthread_mutex_lock(mutex)
    idle.append(queue)
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Closes what was returned; the rest goes with the process.
  func close() {
    pthread_mutex_lock(mutex)
    for queue in idle { try? queue.close() }
    idle = []
    pthread_mutex_unlock(mutex)
  }

  /// Opens a connection on its own, for what is no business of the pool.
  static func open(
    _ path: String, journal: Configuration.JournalModeConfiguration = .wal
  ) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.journalMode = journal
    configuration.busyMode = .timeout(5)
    // Sessions begin transactions that outlast a call, and some are never ended.
    configuration.allowsUnsafeTransactions = true
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  private static let schema = """
    CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS basket (id INTEGER PRIMARY KEY, user TEXT NOT NULL, item INTEGER NOT NULL
      REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE IF NOT EXISTS lock (name TEXT PRIMARY KEY, holder INTEGER NOT NULL);
    INSERT OR IGNORE INTO item VALUES (1, 'lamp'), (2, 'chair'), (3, 'table');
    """
}
