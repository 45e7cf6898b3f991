// Where the segment, its lock file and the socket lie. On tmpfs only: a shared mapping on a disk can stall a
// worker in writeback. A directory on disk is used only if it was named, and then with a warning.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// A directory that is ours, checked.
package struct RuntimeDirectory: Sendable {
  package let path: Path
  /// Whether it lies on tmpfs.
  package let isTmpfs: Bool

  /// The first directory that will do: the named one alone, or the usual places in their order.
  package static func find(named: String, mode: FileMode) throws(SystemFailure) -> RuntimeDirectory {
    if !named.utf8.isEmpty {
      return try open(Path(named), mode: mode, mustBeTmpfs: false)
    }
    var failure = SystemFailure("finding a runtime directory on tmpfs", ENOENT)
    for index in 0..<3 {
      guard let place = place(index) else { continue }
      do throws(SystemFailure) {
        return try open(place, mode: mode, mustBeTmpfs: true)
      } catch {
        if error.code != ENOENT { failure = error }
      }
    }
    throw failure
  }

  private static func place(_ index: Int) -> Path? {
    switch index {
    case 0:
      guard let session = getenv("XDG_RUNTIME_DIR"), session.pointee == 47 /* "/" */ else { return nil }
      return Path(cString: session).entry("ctxtop")
    case 1: return Path("/run/ctxtop")
    default: return Path("/dev/shm/ctxtop-").appending(UInt64(geteuid()))
    }
  }

  /// Opens a directory or makes it, and looks whether it is ours.
  static func open(_ path: Path, mode: FileMode, mustBeTmpfs: Bool) throws(SystemFailure) -> RuntimeDirectory {
    if FileIdentity(at: path) == nil {
      if mustBeTmpfs { try requireTmpfs(path.parent) }
      try make(path, mode)
    }
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    let fd = path.withCString { ctxtop_open($0, flags, 0) }
    if fd < 0 { throw SystemFailure("opening the runtime directory", ctxtop_errno()) }
    defer { close(fd) }
    let identity = try FileIdentity(of: fd)
    guard identity.owner == geteuid() else { throw SystemFailure("using a runtime directory of another user", EPERM) }
    let foreign: UInt32 = mode.group == nil ? 0o077 : 0o027
    guard identity.mode & foreign == 0 else {
      throw SystemFailure("using a runtime directory that others may enter", EPERM)
    }
    if let group = mode.group {
      // It may have been made before a group was named.
      try checked(fchown(fd, none32, group), "giving the runtime directory to its group")
      try checked(fchmod(fd, mode.directory), "letting the group into the runtime directory")
    }
    let isTmpfs = ctxtop_is_tmpfs(fd) == 1
    if mustBeTmpfs && !isTmpfs { throw SystemFailure("finding a runtime directory on tmpfs", ENOENT) }
    return RuntimeDirectory(path: path, isTmpfs: isTmpfs)
  }

  private static func requireTmpfs(_ parent: Path) throws(SystemFailure) {
    let fd = parent.withCString { ctxtop_open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
    if fd < 0 { throw SystemFailure("finding a runtime directory on tmpfs", ENOENT) }
    defer { close(fd) }
    guard ctxtop_is_tmpfs(fd) == 1 else { throw SystemFailure("finding a runtime directory on tmpfs", ENOENT) }
  }

  private static func make(_ path: Path, _ mode: FileMode) throws(SystemFailure) {
    let made = path.withCString { mkdir($0, mode.directory) }
    if made < 0, ctxtop_errno() != EEXIST { throw SystemFailure("making the runtime directory", ctxtop_errno()) }
    if made < 0 { return }
    // The umask may have taken more than it should, and the group is never inherited by chance.
    path.withCString { path in
      if let group = mode.group { _ = chown(path, none32, group) }
      _ = chmod(path, mode.directory)
    }
  }
}
