// Connections of a database pool: who has one, since when, and whether that context is there still. The pool itself is
// the server's own; it tells here what happens.

import CCtxtop
import CtxtopAgent
import CtxtopScoreboard
import Synchronization

/// A pool of connections to one database.
public final class Engine: Sendable {
  private let url: String
  private let poolSize: UInt32
  private let overflow: UInt32
  private let timeout: UInt32
  private let index = AttachedNumber()

  /// `url` without password and query: it is shown as it is. Sizes nil: not known; `overflow`: connections beyond the
  /// pool's size; `timeout` in milliseconds.
  public init(url: String, poolSize: Int? = nil, overflow: Int? = nil, timeout: Int? = nil) {
    self.url = url
    self.poolSize = poolSize.flatMap { UInt32(exactly: $0) } ?? none32
    self.overflow = overflow.flatMap { Int32(exactly: $0) }.map { UInt32(bitPattern: $0) } ?? 0x7fff_ffff
    self.timeout = timeout.flatMap { UInt32(exactly: $0) } ?? none32
  }

  /// A connection was opened. `backendPID`: the database server's process for it.
  public func opened(backendPID: Int32? = nil) -> TrackedConnection {
    TrackedConnection(self, backendPID.map { UInt32(bitPattern: $0) } ?? none32)
  }

  /// Its number towards the agent, which may be none.
  fileprivate var number: UInt32 {
    let word = index.value {
      let name = UInt32(truncatingIfNeeded: Agent.name(url) as UInt64)
      let found = Agent.engine(url: name, poolSize: poolSize, overflow: overflow, timeout: timeout)
      return UInt64(found.map { $0 &+ 1 } ?? 0)
    }
    return word == 0 ? none32 : UInt32(truncatingIfNeeded: word) &- 1
  }
}

/// An open connection. Each thing that happens to it is told once, by whoever does it; any thread may.
public final class TrackedConnection: Sendable {
  private let engine: Engine
  private let backendPID: UInt32
  /// The process that opened it.
  private let process: Int32
  private let token = AttachedToken()

  fileprivate init(_ engine: Engine, _ backendPID: UInt32) {
    self.engine = engine
    self.backendPID = backendPID
    process = getpid()
    token.value = Agent.connectionOpened(engine: engine.number, backendPID: backendPID)
  }

  /// The caller's unit, request and context hold it from now on. True: that context has ended already.
  @discardableResult
  public func checkedOut(
    file: StaticString = #fileID, line: UInt = #line, function: StaticString = #function
  ) -> Bool {
    // Opened before the process attached, or by the parent of a fork.
    if token.isUnknown { token.value = Agent.connectionFound(engine: engine.number, backendPID: backendPID) }
    let frame = UnitStacks.current.sites.name(CallSite(file: file, line: line, function: function))
    let isInherited = Agent.attachment != 0 && process != Agent.processID
    return Agent.checkedOut(token.value, inherited: isInherited, frame: frame)
  }

  /// It is back in its pool.
  public func checkedIn() { Agent.checkedIn(token.value) }

  /// It was taken from its pool for good; nobody has to return it.
  public func detached() { Agent.detached(token.value) }

  /// It is closed.
  public func closed() {
    Agent.connectionClosed(token.value)
    token.value = nil
  }
}
