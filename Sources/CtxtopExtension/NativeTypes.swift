// Types of our own objects. What lies behind an object's header is a struct of ours.

import CCtxtop
@preconcurrency import CPython

enum NativeTypes {
  static let headerBytes = MemoryLayout<PyObject>.size

  /// A new type whose objects the garbage collector knows; nil with an exception where there is no memory for it.
  /// Tables that slots point to must live as long as the process.
  static func make<State>(_ name: StaticString, _: State.Type, flags: Int = 0, _ slots: [PyType_Slot]) -> Object? {
    let table = UnsafeMutablePointer<PyType_Slot>.allocate(capacity: slots.count + 1)
    defer { table.deallocate() }
    for (index, slot) in slots.enumerated() { (table + index).initialize(to: slot) }
    (table + slots.count).initialize(to: PyType_Slot())
    var specification = PyType_Spec()
    specification.name = UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
    specification.basicsize = Int32(headerBytes + MemoryLayout<State>.stride)
    specification.flags = UInt32(Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | flags)
    specification.slots = table
    return PyType_FromSpec(&specification)
  }

  static func slot<Function>(_ number: Int, _ function: Function) -> PyType_Slot {
    PyType_Slot(slot: Int32(number), pfunc: unsafeBitCast(function, to: UnsafeMutableRawPointer.self))
  }

  /// What lies behind the header of an object.
  @inline(__always)
  static func state<State>(of object: Object) -> UnsafeMutablePointer<State> {
    (UnsafeMutableRawPointer(object) + headerBytes).assumingMemoryBound(to: State.self)
  }

  /// One step of a type's traversal, for a reference that may be none.
  static func visited(_ reference: Object?, _ visit: visitproc, _ argument: UnsafeMutableRawPointer?) -> Int32 {
    reference.map { visit($0, argument) } ?? 0
  }

  /// Frees an object that holds no references any more; it must be untracked.
  static func free(_ object: Object) {
    let type = object.pointee.ob_type
    let free = unsafeBitCast(
      PyType_GetSlot(type, Int32(Py_tp_free)), to: (@convention(c) (UnsafeMutableRawPointer?) -> Void).self)
    free(object)
    Py_DecRef(type)
  }
}
