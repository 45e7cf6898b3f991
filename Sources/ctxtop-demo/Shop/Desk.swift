// What a thread has of the request that it serves, for the teardown functions, which get nothing but a context.

import Glibc

/// The place where one thread serves one request after the other. Only that thread uses it.
final class Desk {
  /// What is known to be left on this thread's stack.
  var state = ThreadState()
  /// What the present request has done so far.
  var deeds = Deeds()
  /// Whether what is told of a pushed context is to throw, once.
  var isArmed = false
  /// What is to be done behind the teardown of the session.
  var audit: (() throws -> Void)?
  /// Who is served.
  var user = ""

  /// The next request.
  func clear() {
    deeds = Deeds()
    isArmed = false
    audit = nil
  }

  /// The calling thread's.
  static var current: Desk {
    if let known = pthread_getspecific(key) { return Unmanaged<Desk>.fromOpaque(known).takeUnretainedValue() }
    let desk = Desk()
    pthread_setspecific(key, Unmanaged.passRetained(desk).toOpaque())
    return desk
  }

  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    pthread_key_create(&key) { if let desk = $0 { Unmanaged<Desk>.fromOpaque(desk).release() } }
    return key
  }()
}
