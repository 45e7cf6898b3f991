// SQLAlchemy's pool events. A listener that raised would fail the request and close the connection, so none
// does. The arithmetic of the pool itself is not asked: it reads 0 or -1 after dispose() or invalidation.
//
// A checkout is not an event for us but the return of the function that fires it: a pool that somebody listens to
// takes a longer way through each checkout, which costs more than everything that we do there.

import CCtxtop
@preconcurrency import CPython

enum PoolListeners {
  /// `gone` and `_checkout`.
  nonisolated(unsafe) private static var definitions: UnsafeMutablePointer<PyMethodDef>! = nil
  nonisolated(unsafe) private static var recordOfFairy: Object! = nil
  nonisolated(unsafe) private static var counter: Object! = nil

  static func prepare() {
    definitions = methodTable([method("gone", recordGone), keywordMethod("_checkout", checkoutCall)])
    recordOfFairy = Python.interned("_connection_record")
    counter = Python.interned("_counter")
  }

  /// A function in the place of `_ConnectionFairy._checkout`.
  fileprivate static func wrap(_ checkout: Object?) -> Object? {
    PyCFunction_NewEx(definitions + 1, checkout, nil)
  }

  /// A pool opened a connection for a record.
  fileprivate static func opened(_ connection: Object?, _ record: Object?) {
    closed(record, counts: ConnectionTokens.find(record) != nil)
    var known = KnownConnection(token: nil, attachment: Agent.attachment, opener: Agent.processID)
    if known.attachment != 0 {
      known.token = Agent.connectionOpened(
        engine: HookCalls.engine(record), backendPID: HookCalls.backendPID(connection))
    }
    remember(record, known)
  }

  private static func remember(_ record: Object?, _ known: KnownConnection) {
    var known = known
    if known.watch == nil { known.watch = watch(record) }
    if !ConnectionTokens.remember(record, known) { Py_DecRef(known.watch) }
  }

  /// A weak reference that tells when the record goes.
  private static func watch(_ record: Object?) -> Object? {
    guard let key = PyLong_FromLongLong(Int64(bitPattern: UInt64(ConnectionTokens.key(record)))) else {
      PyErr_Clear()
      return nil
    }
    defer { Py_DecRef(key) }
    guard let callback = PyCFunction_NewEx(definitions, key, nil) else {
      PyErr_Clear()
      return nil
    }
    defer { Py_DecRef(callback) }
    let reference = PyWeakref_NewRef(record, callback)
    if reference == nil { PyErr_Clear() }
    return reference
  }

  /// The connection of a record (or a detached connection) is closed.
  fileprivate static func closed(_ object: Object?, counts: Bool = true) {
    guard let known = ConnectionTokens.forget(object) else { return }
    Py_DecRef(known.watch)
    if counts { report(known) }
  }

  /// A record went without its connection having been closed by the pool.
  fileprivate static func gone(_ key: UInt) {
    guard let known = ConnectionTokens.forget(key: key) else { return }
    Py_DecRef(known.watch)
    report(known)
  }

  private static func report(_ known: KnownConnection) {
    let isOurs = known.attachment == Agent.attachment && known.opener == Agent.processID
    if isOurs { Agent.connectionClosed(known.token) }
  }

  /// A pool has given a connection out, as the proxy that the application gets. `isNew`: it cannot be one that was
  /// given out before (a pool per thread does that), which the pool itself tells by the proxy's counter.
  @inline(__always)
  fileprivate static func given(_ fairy: Object, isNew: Bool) {
    if Agent.attachment == 0 { return }
    guard isNew || isFirst(fairy), let record = PyObject_GetAttr(fairy, recordOfFairy) else { return PyErr_Clear() }
    if record != Python.none { checkedOut(fairy, record) }
    Py_DecRef(record)
  }

  private static func isFirst(_ fairy: Object) -> Bool {
    guard let times = PyObject_GetAttr(fairy, counter) else { return false }
    defer { Py_DecRef(times) }
    return Python.integer(times) == 1
  }

  fileprivate static func checkedOut(_ connection: Object?, _ record: Object?) {
    if Agent.attachment == 0 { return }
    CoroutineUnits.probeOutside()
    let known = described(connection, record)
    let isLate = Agent.checkedOut(
      known.token, inherited: known.opener != Agent.processID, frame: FrameWalk.first())
    // Whoever watches sessions is asked about the current context, which nobody will tear down again.
    if isLate { HookCalls.popped(Python.none) }
  }

  /// What is known of a record's connection, described under the present attachment.
  private static func described(_ connection: Object?, _ record: Object?) -> KnownConnection {
    var known =
      ConnectionTokens.find(record) ?? KnownConnection(token: nil, attachment: 0, opener: Agent.processID, watch: nil)
    if known.attachment == Agent.attachment { return known }
    known.attachment = Agent.attachment
    known.token = Agent.connectionFound(
      engine: HookCalls.engine(record), backendPID: HookCalls.backendPID(connection))
    remember(record, known)
    return known
  }

  fileprivate static func checkedIn(_ record: Object?) {
    guard let known = ConnectionTokens.find(record), known.attachment == Agent.attachment else {
      // After an invalidation the connection is closed before it comes back: counted, nothing to move.
      Agent.checkedIn(nil)
      return
    }
    Agent.checkedIn(known.token)
  }

  /// From now on the pool knows the connection only by the driver's object.
  fileprivate static func detached(_ connection: Object?, _ record: Object?) {
    guard let known = ConnectionTokens.forget(record) else { return }
    Py_DecRef(known.watch)
    if known.attachment == Agent.attachment { Agent.detached(known.token) }
    remember(connection, KnownConnection(token: known.token, attachment: known.attachment, opener: known.opener))
  }

  fileprivate static func engine(_ arguments: Arguments) -> Int64 {
    func half(_ index: Int, else missing: UInt32) -> UInt32 {
      guard let value = Python.integer(arguments[index]), value >= 0 else { return missing }
      return UInt32(truncatingIfNeeded: value)
    }
    let poolSize = half(2, else: none32)
    // -1 with a size is a pool without limit; without a size there is no overflow to speak of.
    let overflow = poolSize == none32 ? 0x7fff_ffff : half(3, else: none32)
    let index = Agent.engine(
      url: Python.name(arguments[1]), poolSize: poolSize, overflow: overflow, timeout: half(4, else: none32))
    return index.map { Int64($0) } ?? -1
  }
}

private let recordGone: FastFunction = { key, _, _ in
  let exception = SetAsideException()
  PoolListeners.gone(UInt(truncatingIfNeeded: Python.integer(key) ?? 0))
  exception.restore()
  return Python.newNone()
}

/// connect(dbapi_connection, connection_record)
let poolConnectionOpened: FastFunction = { _, arguments, count in
  if let arguments, count >= 2 { PoolListeners.opened(arguments[0], arguments[1]) }
  return Python.newNone()
}

/// close(dbapi_connection, connection_record); close_detached: the record is None
let poolConnectionClosed: FastFunction = { _, arguments, count in
  if let arguments, count >= 2 {
    PoolListeners.closed(arguments[1] == Python.none ? arguments[0] : arguments[1])
  }
  return Python.newNone()
}

/// _checkout(pool, threadconns=None, fairy=None): only without the last it must be a new one
private let checkoutCall: FastKeywordFunction = { checkout, arguments, count, names in
  let fairy = Python.call(checkout, arguments, count, names)
  if let fairy { PoolListeners.given(fairy, isNew: count < 3 && names == nil) }
  return fairy
}

/// wrap_checkout(function)
let moduleWrapCheckout: FastFunction = { _, arguments, count in
  guard let arguments, count == 1 else { return Python.typeError("wrap_checkout(function)") }
  return PoolListeners.wrap(arguments[0])
}

/// checkout(dbapi_connection, connection_record, connection_proxy)
let poolCheckedOut: FastFunction = { _, arguments, count in
  if let arguments, count >= 2 { PoolListeners.checkedOut(arguments[0], arguments[1]) }
  return Python.newNone()
}

/// checkin(dbapi_connection or None, connection_record)
let poolCheckedIn: FastFunction = { _, arguments, count in
  if let arguments, count >= 2 { PoolListeners.checkedIn(arguments[1]) }
  return Python.newNone()
}

/// detach(dbapi_connection, connection_record)
let poolDetached: FastFunction = { _, arguments, count in
  if let arguments, count >= 2 { PoolListeners.detached(arguments[0], arguments[1]) }
  return Python.newNone()
}

/// engine(key, url, pool_size, overflow, timeout_ms) -> index or -1
let poolEngine: FastFunction = { _, arguments, count in
  guard let arguments, count == 5 else { return Python.typeError("engine() takes 5 arguments") }
  return PyLong_FromLongLong(PoolListeners.engine(arguments))
}
