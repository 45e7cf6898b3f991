// The system calls for Unix sockets; the second half of Syscalls.swift, with the same manners.

import Glibc

extension System {
  /// Connects to the stream socket at `path` without ever blocking: EAGAIN means that its queue is full.
  package static func connect(to path: String) throws(SystemError) -> Int32 {
    let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let descriptor = try value("socket") { socket(AF_UNIX, type, 0) }
    do {
      try withShortPath(path) { (short: String) throws(SystemError) in
        var address = try socketAddress(short)
        _ = try value("connect") {
          withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
              Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
          }
        }
      }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// `send` without SIGPIPE: how many bytes the kernel took; 0: it takes none now.
  package static func send(_ descriptor: Int32, _ bytes: [UInt8]) throws(SystemError) -> Int {
    let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    if count >= 0 { return count }
    if errno == EAGAIN || errno == EINTR { return 0 }
    throw SystemError("send", errno)
  }

  /// The user id of the process that listens at the other end, as the kernel knows it.
  package static func peerOwner(_ descriptor: Int32) throws(SystemError) -> UInt32 {
    // struct ucred is {pid, uid, gid}, 32 bits each; libc's header hides its name from Swift.
    var credentials: (Int32, UInt32, UInt32) = (0, .max, .max)
    var length = socklen_t(MemoryLayout.size(ofValue: credentials))
    _ = try value("getsockopt") { getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) }
    return credentials.1
  }

  /// The address of the socket at `path`; ENAMETOOLONG where it does not fit.
  package static func socketAddress(_ path: String) throws(SystemError) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
      guard bytes.count < field.count else { return false }
      field.copyBytes(from: bytes)
      return true
    }
    guard fits else { throw SystemError("connect", ENAMETOOLONG) }
    return address
  }

  /// Socket addresses hold 107 bytes; a longer path is reached through a descriptor of its directory.
  private static func withShortPath(
    _ path: String, _ body: (String) throws(SystemError) -> Void
  ) throws(SystemError) {
    guard path.utf8.count >= 108, let slash = path.lastIndex(of: "/") else { return try body(path) }
    let directory = try open(String(path[..<slash]), O_RDONLY | O_DIRECTORY)
    defer { close(directory) }
    try body("/proc/self/fd/\(directory)\(path[slash...])")
  }
}
