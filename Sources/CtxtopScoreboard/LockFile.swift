// Who lives. Each live worker holds the POSIX record lock on the byte of its slot; the kernel drops it when
// the process ends, however it ends. Record locks are chosen because a child does not inherit them: after a
// flock or an open-file-description lock, a forked grandchild would keep a dead worker alive.
//
// The price, and the rule it makes: closing *any* descriptor of the lock file drops all locks of the
// process. So the file is opened once per attachment, nothing else in the process may open it, and it is only opened
// again when it was closed behind our back.

import CCtxtop

/// The lock file of a service, opened once by this process.
package struct LockFile: Sendable {
  package let descriptor: Int32
  package let identity: FileIdentity

  /// Opens the lock file of `stem` in an open directory, creating it when there is none.
  package init(in directory: Int32, stem: String, mode: FileMode) throws(SystemFailure) {
    let flags = SegmentFile.flags | O_CREAT
    let fd = SegmentFile.name(stem, ".lock").withCString { ctxtop_open_in(directory, $0, flags, 0o600) }
    if fd < 0 { throw SystemFailure("opening the lock file", ctxtop_errno()) }
    do throws(SystemFailure) {
      identity = try FileIdentity(of: fd)
      // Nothing is ever written to it: what is in it was put there by somebody else.
      guard identity.isOurs, identity.size == 0 else { throw SystemFailure("using the lock file", EPERM) }
      if identity.mode & 0o777 != UInt32(mode.file) { try mode.apply(to: fd) }
      descriptor = fd
    } catch {
      close(fd)
      throw error
    }
  }

  /// Takes a slot's lock without waiting; false: somebody has it.
  package func take(_ slot: Int) -> Bool { ctxtop_lock_byte(descriptor, Self.byte(of: slot)) == 0 }

  /// Gives a slot's lock back.
  package func giveBack(_ slot: Int) { ctxtop_unlock_byte(descriptor, Self.byte(of: slot)) }

  /// Whether another process holds a slot's lock; nil: it cannot be told. Never asks about one's own.
  package func isHeld(_ slot: Int) -> Bool? { Self.isHeld(slot, descriptor) }

  /// The same with a descriptor that only reads.
  @inline(never)
  package static func isHeld(_ slot: Int, _ descriptor: Int32) -> Bool? {
    let answer = ctxtop_is_byte_locked(descriptor, byte(of: slot))
    return answer < 0 ? nil : answer == 1
  }

  private static func byte(of slot: Int) -> off_t { off_t(1 + slot) }
}
