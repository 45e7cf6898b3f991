// The stacks of a thread, in a thread-specific value: found without a lock, and gone with the thread.

import CCtxtop

enum ThreadStacks {
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    // Without one each look would make new stacks: there are 1024 keys, and libraries use a handful.
    guard pthread_key_create(&key, { if let stacks = $0 { Unmanaged<UnitStacks>.fromOpaque(stacks).release() } }) == 0
    else { fatalError("no thread-specific key is left") }
    return key
  }()

  /// The calling thread's stacks.
  @inline(__always)
  static var current: UnitStacks {
    if let known = pthread_getspecific(key) { return Unmanaged<UnitStacks>.fromOpaque(known).takeUnretainedValue() }
    return make()
  }

  @inline(never)
  private static func make() -> UnitStacks {
    let stacks = UnitStacks()
    pthread_setspecific(key, Unmanaged.passRetained(stacks).toOpaque())
    return stacks
  }
}
