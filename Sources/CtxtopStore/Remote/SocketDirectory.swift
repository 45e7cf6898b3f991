// Where sockets to other hosts lie while they are needed: a fresh directory that is ours alone, and that goes when this
// process does.

import CSpawn
import Glibc

/// The one directory of this process.
struct SocketDirectory {
  /// Its path: short, and made of characters that mean themselves to ssh.
  let path: String

  /// Makes it, and sees to it that it goes.
  init() throws(SystemError) {
    var failure = SystemError("mkdtemp", ENOENT)
    for place in [System.environment("XDG_RUNTIME_DIR"), System.environment("TMPDIR"), "/tmp"].compactMap({ $0 })
    where Self.isUsable(place) {
      var template = Array("\(place)/ctxtop-ssh-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else {
        failure = SystemError("mkdtemp", errno)
        continue
      }
      path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
      let code = ctxtop_remove_at_end(path)
      guard code == 0 else {
        rmdir(path)
        throw SystemError("fork", -code)
      }
      return
    }
    throw failure
  }

  /// ssh reads % and $ in a path, and makes its sockets under a name that is longer by 17 bytes; 107 fit.
  private static func isUsable(_ place: String) -> Bool {
    place.hasPrefix("/") && place.utf8.count <= 55
      && place.utf8.allSatisfy { byte in
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "/._-".utf8.contains(byte)
      }
  }
}
