// Which greenlet or asyncio task runs now, and the state that the agent keeps for it. Each has context variables
// of its own, so each is a unit of its own; many share one thread.
//
// A state is made at the first event and freed by a weak reference when the object goes: a greenlet or task that
// never had an event costs nothing. Everything here needs the GIL, and that is what makes the owner's rule of unit
// records hold: only the running coroutine writes its record; when its object goes nobody can run it any more, and
// whoever drops the last reference sees all that was written before.
//
// A library that can make coroutines is no sign that there are any: SQLAlchemy imports greenlet, and gunicorn asyncio,
// in processes of plain threads. So at first it is asked only where a coroutine would begin to matter - a request
// begins, or something is pushed or checked out outside of any - and at every event only once one was found, or a
// library was imported that is there for nothing else.
//
// In the child of a fork the states are still here. Their attachment is not the child's, so that those which go on
// living - the forking greenlet itself - get new records, and nothing is done for those which end.

import CCtxtop
@preconcurrency import CPython

enum CoroutineUnits {
  private typealias Entry = UnsafeMutablePointer<ctxtop_coroutine>

  /// As many as there are unit records.
  private static let limit = CTXTOP_UNITS
  private static let buckets = 1024  // a power of two
  nonisolated(unsafe) private static var table: UnsafeMutablePointer<Entry?>! = nil
  nonisolated(unsafe) private static var count = 0
  /// The entry that was found last: it will be asked for again at once.
  nonisolated(unsafe) private static var latest: Entry?
  /// What is found where there are too many.
  nonisolated(unsafe) private static var nobody: Entry! = nil

  nonisolated(unsafe) private static var currentGreenlet: PlainFunction?
  nonisolated(unsafe) private static var runningLoop: PlainFunction?
  nonisolated(unsafe) private static var currentTask: Object?
  nonisolated(unsafe) private static var parent: Object! = nil
  nonisolated(unsafe) private static var goneDefinition: UnsafeMutablePointer<PyMethodDef>! = nil

  /// The object that was found last; borrowed, valid as long as it runs.
  nonisolated(unsafe) private(set) static var running: Object?

  static func prepare() {
    parent = Python.interned("parent")
    goneDefinition = methodTable([method("gone", coroutineGone)])
  }

  /// Begins to look for greenlets (`greenlet.getcurrent`) or tasks (`_asyncio._get_running_loop`, and a function
  /// from a loop to its current task). False: these are not the functions that we know how to call.
  fileprivate static func watch(greenlet: Object?, loop: Object?, task: Object?) -> Bool {
    if table == nil {
      table = .allocate(capacity: buckets)
      table.initialize(repeating: nil, count: buckets)
      nobody = .allocate(capacity: 1)
      nobody.initialize(to: ctxtop_coroutine())
      nobody.pointee.state.kind = CTXTOP_NO_UNIT
    }
    if let greenlet {
      guard let function = PlainFunction(greenlet) else { return false }
      currentGreenlet = function
    }
    if let loop, let task {
      guard let function = PlainFunction(loop) else { return false }
      Py_IncRef(task)
      currentTask = task
      runningLoop = function
    }
    return true
  }

  /// From now on every event asks which coroutine it belongs to.
  static func expect() {
    if table != nil { Agent.coroutine = current }
  }

  /// Where a coroutine would begin to matter: is it one that runs here?
  @inline(__always)
  static func probe() {
    if table != nil, Agent.coroutine == nil, current() != nil { expect() }
  }

  /// The same, unless a request runs here, which was probed when it began.
  @inline(__always)
  static func probeOutside() {
    if table != nil, Agent.coroutine == nil, Agent.isOutsideOfRequests { probe() }
  }

  /// What the agent asks. An exception may be on its way through us.
  private static let current: @convention(c) () -> UnsafeMutablePointer<ctxtop_thread>? = {
    let found: Entry?
    if PyErr_Occurred() == nil {
      found = find()
    } else {
      let exception = SetAsideException()
      found = find()
      exception.restore()
    }
    return found.map { state(of: $0) }
  }

  /// The entry of what runs now; nil: the thread itself. Inside of a task its context variables count, also where
  /// a library runs a greenlet in it (SQLAlchemy does).
  @inline(__always)
  private static func find() -> Entry? {
    if let runningLoop {
      let loop = runningLoop.call()
      Py_DecRef(loop)
      if loop != Python.none, let task = task(of: loop) { return entry(of: task, kind: 2) }
    }
    guard let greenlet = currentGreenlet?.call() else { return nil }
    // It runs, so it stays.
    Py_DecRef(greenlet)
    if UInt64(UInt(bitPattern: greenlet)) == ctxtop_thread().pointee.carrier { return nil }
    return entry(of: greenlet, kind: 1)
  }

  /// The loop's current task; borrowed: the loop holds it while it runs.
  private static func task(of loop: Object?) -> Object? {
    let task = Python.call(currentTask, loop)
    Py_DecRef(task)
    if task == nil { PyErr_Clear() }
    return task == Python.none ? nil : task
  }

  @inline(__always)
  private static func entry(of object: Object, kind: UInt32) -> Entry? {
    running = object
    let key = UInt(bitPattern: object)
    if let latest, latest.pointee.key == key { return latest }
    var entry = table[bucket(of: key)]
    while let found = entry, found.pointee.key != key { entry = found.pointee.next }
    if entry == nil {
      if kind == 1, isMain(object) { return nil }
      entry = make(object, key, kind)
    }
    latest = entry
    if entry == nil { Agent.dropUnit() }
    return entry ?? nobody
  }

  /// Whether a greenlet is its thread itself. Such a one lives as long as the thread, which remembers it.
  private static func isMain(_ greenlet: Object) -> Bool {
    let above = PyObject_GetAttr(greenlet, parent)
    if above == nil { PyErr_Clear() }
    Py_DecRef(above)
    if above != Python.none { return false }
    ctxtop_thread().pointee.carrier = UInt64(UInt(bitPattern: greenlet))
    return true
  }

  /// A new entry; nil: there are too many, or there is no memory.
  @inline(never)
  private static func make(_ object: Object, _ key: UInt, _ kind: UInt32) -> Entry? {
    guard count < limit, let address = PyLong_FromLongLong(Int64(Int(bitPattern: key))) else {
      PyErr_Clear()
      return nil
    }
    defer { Py_DecRef(address) }
    let callback = PyCFunction_NewEx(goneDefinition, address, nil)
    let watch = callback == nil ? nil : PyWeakref_NewRef(object, callback)
    Py_DecRef(callback)
    guard let watch else {
      PyErr_Clear()
      return nil
    }
    let entry = Entry.allocate(capacity: 1)
    entry.initialize(to: ctxtop_coroutine())
    entry.pointee.state.kind = kind
    entry.pointee.key = key
    entry.pointee.watch = UnsafeMutableRawPointer(watch)
    entry.pointee.next = table[bucket(of: key)]
    table[bucket(of: key)] = entry
    count &+= 1
    return entry
  }

  /// The object has gone.
  fileprivate static func gone(_ key: UInt) {
    var before: Entry?
    var found = table[bucket(of: key)]
    while let entry = found, entry.pointee.key != key {
      before = entry
      found = entry.pointee.next
    }
    guard let found else { return }
    if let before { before.pointee.next = found.pointee.next } else { table[bucket(of: key)] = found.pointee.next }
    if latest == found { latest = nil }
    count &-= 1
    Agent.coroutineEnds(state(of: found))
    Py_DecRef(found.pointee.watch?.assumingMemoryBound(to: PyObject.self))
    found.deallocate()
  }

  private static func state(of entry: Entry) -> UnsafeMutablePointer<ctxtop_thread> {
    UnsafeMutableRawPointer(entry).assumingMemoryBound(to: ctxtop_thread.self)
  }

  private static func bucket(of key: UInt) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9e37_79b9_7f4a_7c15) &>> 54)
  }
}

/// A C function without arguments, called without the ceremony of a Python call: asked many times in a request.
private struct PlainFunction {
  private let function: @convention(c) (Object?, Object?) -> Object?
  private let module: Object?

  /// Nil: the object is no such function.
  init?(_ object: Object?) {
    guard PyCFunction_GetFlags(object) == METH_NOARGS, let function = PyCFunction_GetFunction(object) else {
      PyErr_Clear()
      return nil
    }
    // It must stay: the module that it belongs to does not own it alone.
    Py_IncRef(object)
    self.function = function
    module = PyCFunction_GetSelf(object)
  }

  /// New reference.
  @inline(__always)
  func call() -> Object? { function(module, nil) }
}

private let coroutineGone: FastFunction = { key, _, _ in
  let exception = SetAsideException()
  CoroutineUnits.gone(UInt(bitPattern: Int(Python.integer(key) ?? 0)))
  exception.restore()
  return Python.newNone()
}

/// watch_greenlets(getcurrent) -> bool
let moduleWatchGreenlets: FastFunction = { _, arguments, count in
  guard let arguments, count == 1 else { return Python.typeError("watch_greenlets(getcurrent)") }
  return PyLong_FromLongLong(CoroutineUnits.watch(greenlet: arguments[0], loop: nil, task: nil) ? 1 : 0)
}

/// expect_coroutines()
let moduleExpectCoroutines: FastFunction = { _, _, _ in
  CoroutineUnits.expect()
  return Python.newNone()
}

/// watch_tasks(get_running_loop, current_task) -> bool
let moduleWatchTasks: FastFunction = { _, arguments, count in
  guard let arguments, count == 2 else { return Python.typeError("watch_tasks(get_running_loop, current_task)") }
  return PyLong_FromLongLong(
    CoroutineUnits.watch(greenlet: nil, loop: arguments[0], task: arguments[1]) ? 1 : 0)
}
