// Starts this very program once more in another part. By posix_spawn, never by fork: a worker begins with nothing but
// the descriptors that it is given.

import Glibc

/// A process that this one started.
struct Child {
  let id: pid_t

  /// Starts a part of the demo. `descriptors` become 3, 4, ... in it; its standard input is empty, and what it prints
  /// goes where ours does.
  ///
  /// The child is in a process group of its own: Ctrl-C is for the supervisor, which ends the others in order.
  static func start(_ words: [String], _ descriptors: [Int32]) throws(Trouble) -> Child {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (index, descriptor) in descriptors.enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(3 + index))
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
    let path = program
    var copies: [UnsafeMutablePointer<CChar>?] = (["ctxtop-demo"] + words).map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    copies.append(nil)
    var id: pid_t = 0
    let code = posix_spawn(&id, path, &actions, &attributes, copies, environ)
    guard code == 0 else { throw .call("starting a worker", code, "see whether there is memory for another process") }
    return Child(id: id)
  }

  /// This program's file, under its name, which is what processes are called by.
  private static let program: String = {
    let path = realpath("/proc/self/exe", nil)
    defer { free(path) }
    return path.map { String(cString: $0) } ?? "/proc/self/exe"
  }()

  /// Asks it to end.
  func end() { kill(id, SIGTERM) }

  /// Ends it.
  func kill9() { kill(id, SIGKILL) }
}

/// How long descriptors that the parts are given must be kept from standing in each other's way.
enum Handing {
  /// A duplicate out of the way of the numbers that a child gets, closed when another program begins.
  static func high(_ descriptor: Int32) throws(Trouble) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 20)
    guard copy >= 0 else { throw .call("keeping a descriptor") }
    close(descriptor)
    return copy
  }
}
