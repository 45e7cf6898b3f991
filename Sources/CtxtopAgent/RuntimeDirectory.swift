// Where the segment, its lock file and the socket lie. On tmpfs only: a shared mapping on a disk can stall a
// worker in writeback. A directory on disk is used only if it was named, and then with a warning.
//
// What must hold: the directory that was checked is the one that is used. It stays open, and everything in it is
// opened, looked at, renamed and removed by name in that descriptor: whoever may change what the path leads to gains
// nothing by it. Nobody but its owner may write to it, so that what was looked at in it stays what it was.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// A directory that is ours, checked and open.
package struct RuntimeDirectory: Sendable {
  /// What led to it.
  package let path: Path
  /// The directory itself.
  package let descriptor: Int32
  /// Whether it lies on tmpfs.
  package let isTmpfs: Bool

  /// The directory that was refused last because its mode lets others in.
  nonisolated(unsafe) static var tooOpen: Path?

  /// The first directory that will do: the named one alone, or the usual places in their order.
  package static func find(named: String, mode: FileMode) throws(SystemFailure) -> RuntimeDirectory {
    if !named.utf8.isEmpty {
      // Workers need not have the same working directory, and who looks for them has another one.
      let path = Path(named)
      guard path.isAbsolute else { throw SystemFailure("using a CTXTOP_DIR that is not absolute", EINVAL) }
      return try open(path, mode: mode, mustBeTmpfs: false)
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
    let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
    var fd = path.withCString { ctxtop_open($0, flags, 0) }
    var isNew = false
    if fd < 0, ctxtop_errno() == ENOENT {
      isNew = path.withCString { mkdir($0, mode.directory) } == 0
      if !isNew, ctxtop_errno() != EEXIST { throw SystemFailure("making the runtime directory", ctxtop_errno()) }
      fd = path.withCString { ctxtop_open($0, flags, 0) }
    }
    if fd < 0 { throw SystemFailure("opening the runtime directory", ctxtop_errno()) }
    do throws(SystemFailure) {
      try check(fd, path, mode, isNew: isNew)
      let isTmpfs = ctxtop_is_tmpfs(fd) == 1
      if mustBeTmpfs && !isTmpfs {
        if isNew { path.withCString { _ = rmdir($0) } }
        throw SystemFailure("finding a runtime directory on tmpfs", ENOENT)
      }
      return RuntimeDirectory(path: path, descriptor: fd, isTmpfs: isTmpfs)
    } catch {
      close(fd)
      throw error
    }
  }

  /// Whether the open directory is ours and closed to others. What was just made, or was made before a group was
  /// named, gets its modes: the umask may have taken more than it should.
  private static func check(_ fd: Int32, _ path: Path, _ mode: FileMode, isNew: Bool) throws(SystemFailure) {
    let identity = try FileIdentity(of: fd)
    guard identity.owner == geteuid() else { throw SystemFailure("using a runtime directory of another user", EPERM) }
    let foreign: UInt32 = mode.group == nil ? 0o077 : 0o027
    guard identity.mode & foreign == 0 else {
      tooOpen = path
      throw SystemFailure("using a runtime directory that others may enter", EPERM)
    }
    if let group = mode.group { try checked(fchown(fd, none32, group), "giving the runtime directory to its group") }
    if isNew || mode.group != nil { try checked(fchmod(fd, mode.directory), "setting the runtime directory's mode") }
  }
}
