// The stacks of a thread, in a thread-local value of C: found without a lock. They go with the thread, by a thread-specific
// key; where the process has none left they stay, a few kilobytes for each thread that ends, and everything else works.

import CCtxtop

enum ThreadStacks {
  /// Frees a thread's stacks at its end; nil: no key is left.
  private static let key: pthread_key_t? = {
    var key = pthread_key_t()
    let status = pthread_key_create(
      &key,
      { stacks in
        // Whatever else ends with the thread may push contexts still: on new stacks.
        ctxtop_set_stacks(nil)
        if let stacks { Unmanaged<UnitStacks>.fromOpaque(stacks).release() }
      })
    return status == 0 ? key : nil
  }()

  /// The calling thread's stacks.
  @inline(__always)
  static var current: UnitStacks {
    if let known = ctxtop_stacks() { return Unmanaged<UnitStacks>.fromOpaque(known).takeUnretainedValue() }
    return make()
  }

  @inline(never)
  private static func make() -> UnitStacks {
    let stacks = UnitStacks()
    let pointer = Unmanaged.passRetained(stacks).toOpaque()
    ctxtop_set_stacks(pointer)
    if let key { pthread_setspecific(key, pointer) }
    return stacks
  }
}
