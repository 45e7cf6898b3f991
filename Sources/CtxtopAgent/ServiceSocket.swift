// The service's socket as a file: how it gets its name, whose place it takes, when it goes.
//
// What must hold: only a socket of our own user is ever replaced or removed. One that a leader of this segment made is
// replaced by the next leader, also while the last one still listens: it is stopped. At any other somebody else may
// listen - an agent of another layout, a program that was given the same name - and then it stays. All of it happens
// in the open directory, in which nobody else can write.

import CCtxtop

#if !hasFeature(Embedded)
  import CtxtopScoreboard
#endif

/// The name of the socket, in the hands of the leader.
struct ServiceSocket: Sendable {
  private let service: Service
  private let name: Path
  /// The slot is nobody else's: no other process uses this name, also none that has our pid in another container.
  private let temporary: Path

  init(_ service: Service) {
    self.service = service
    name = Path(service.stem).appending(".sock")
    temporary = Path(".").appending(UInt64(service.slot.index)).appending(".").appending(name)
  }

  private var directory: Int32 { service.directory.descriptor }

  /// What has the name now; nil: nothing.
  var there: FileIdentity? { FileIdentity(name, in: directory) }

  /// A socket that listens under the name, and what the name leads to; nil: it could not be made, or must not be.
  func make(_ leadership: inout Leadership) -> (listener: Int32, identity: FileIdentity)? {
    remove(temporary)
    let socket = ctxtop_unix_socket()
    guard socket >= 0 else { return nil }
    guard OwnedDescriptors.add(socket) else {
      close(socket)
      return nil
    }
    if prepare(socket), let identity = FileIdentity(temporary, in: directory), leadership.stillLeads(), mayTakePlace(),
      putInPlace(identity)
    {
      return (socket, identity)
    }
    remove(temporary)
    OwnedDescriptors.close(socket)
    return nil
  }

  /// Removes the socket when no worker is left to listen on it.
  func remove() {
    if mayTakePlace() { remove(name) }
  }

  /// Where there is no /proc, the path must do; what it led to is seen afterwards.
  private func prepare(_ socket: Int32) -> Bool {
    if temporary.withCString({ ctxtop_bind_in(socket, directory, $0) }) < 0 {
      let path = service.directory.path.entry("").appending(temporary)
      guard path.withCString({ ctxtop_bind(socket, $0) }) == 0 else { return false }
    }
    guard FileIdentity(temporary, in: directory)?.isOurSocket == true else { return false }
    return temporary.withCString { name in
      guard fchmodat(directory, name, service.mode.socket, 0) == 0 else { return false }
      if let group = service.mode.group, fchownat(directory, name, none32, group, AT_SYMLINK_NOFOLLOW) != 0 {
        return false
      }
      return listen(socket, Int32(Exporter.clientLimit)) == 0
    }
  }

  private func putInPlace(_ identity: FileIdentity) -> Bool {
    service.file.header.store(CTXTOP_HEADER_SOCKET, identity.inode)
    return temporary.withCString { from in name.withCString { to in renameat(directory, from, directory, to) == 0 } }
  }

  private func remove(_ name: Path) {
    guard FileIdentity(name, in: directory)?.isOurSocket == true else { return }
    name.withCString { _ = unlinkat(directory, $0, 0) }
  }

  /// Whether what has the name may lose it: the socket of an earlier leader, whatever became of that, or one of
  /// somebody else at which nobody listens any more.
  private func mayTakePlace() -> Bool {
    guard let there else { return true }
    guard there.isOurSocket else { return false }
    if there.inode == service.file.header.load(CTXTOP_HEADER_SOCKET) { return true }
    return name.withCString { ctxtop_has_listener(directory, $0) } == 0
  }
}
