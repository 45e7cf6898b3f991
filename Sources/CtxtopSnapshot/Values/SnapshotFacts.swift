// Sums and relations that follow from the facts alone, without a judgement and from one snapshot.
//
// Loops go over indices: one over elements would copy each, and count references for every string in it.

extension Worker {
  /// Requests that are being served. By the units, whose records follow the real stack; when some
  /// unit had no record, by the counters, which count all of them.
  public var inFlight: UInt64 {
    let units = units
    var open: UInt64 = 0
    for index in units.indices where units[index].isServing { open &+= 1 }
    guard counters.dropped.units > 0, counters.requests > counters.requestsEnded else { return open }
    return max(open, counters.requests &- counters.requestsEnded)
  }

  /// App contexts on the stacks of all units.
  public var appDepth: UInt64 {
    let units = units
    var sum: UInt64 = 0
    for index in units.indices { sum &+= UInt64(max(units[index].appDepth, 0)) }
    return sum
  }

  /// Request contexts on the stacks of all units.
  public var requestDepth: UInt64 {
    let units = units
    var sum: UInt64 = 0
    for index in units.indices { sum &+= UInt64(max(units[index].requestDepth, 0)) }
    return sum
  }

  /// Database connections that are open.
  public var connectionsOpen: UInt64 {
    let counted = counters.connectionsOpened > counters.connectionsClosed
    guard counters.dropped.holdings > 0, counted else { return UInt64(connections.count) }
    return max(UInt64(connections.count), counters.connectionsOpened &- counters.connectionsClosed)
  }

  /// Connections that are out of their pools.
  public var connectionsCheckedOut: UInt64 {
    let connections = connections
    var out: UInt64 = 0
    for index in connections.indices where connections[index].state == .checkedOut { out &+= 1 }
    return out
  }

  /// Sessions that are there without their context.
  public var orphanSessions: Int {
    let sessions = sessions
    var count = 0
    for index in sessions.indices where !sessions[index].hasEnded { count &+= 1 }
    return count
  }

  /// The most connections that the pools of all engines give out before a checkout must wait; nil where
  /// there is no pool, or one without a limit.
  public var poolLimit: UInt64? {
    var sum: UInt64 = 0
    for engine in engines {
      guard let limit = engine.limit else { return nil }
      sum &+= limit
    }
    return sum > 0 ? sum : nil
  }
}

extension Unit {
  /// Whether a request is open on it. The question alone copies nothing.
  @inline(__always)
  var isServing: Bool { request?.serial != nil }
}

extension Engine {
  /// The most connections that its pool gives out before a checkout must wait; nil: no pool, or no limit.
  public var limit: UInt64? {
    guard let poolSize, poolSize > 0, let overflow, overflow >= 0 else { return nil }
    return UInt64(poolSize) &+ UInt64(overflow)
  }
}

extension Snapshot {
  /// How long before the snapshot a monotonic time was, in nanoseconds; 0 for a time after it.
  public func age(of time: UInt64) -> UInt64 { monotonicTime > time ? monotonicTime &- time : 0 }

  /// How long before the pass that tells of a worker a monotonic time was, in nanoseconds; 0 for a time after it.
  public func age(of time: UInt64, when worker: Worker) -> UInt64 {
    let seen = worker.seen ?? monotonicTime
    return seen > time ? seen &- time : 0
  }

  /// A monotonic time as nanoseconds since 1970.
  public func wallTime(of time: UInt64) -> UInt64 {
    time > monotonicTime ? wallTime &+ (time &- monotonicTime) : wallTime &- min(wallTime, monotonicTime &- time)
  }
}
