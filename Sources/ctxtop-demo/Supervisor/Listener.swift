// The socket that all workers accept from.

import Glibc

/// A listening socket on the loopback interface.
struct Listener {
  let descriptor: Int32
  let port: Int

  /// Listens on a port; 0: on any that is free. Nobody else can reach it than this machine.
  init(port: Int) throws(Trouble) {
    // Not blocking, for whoever accepts from it: of several workers that wait, all but one come too late.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let made = socket(AF_INET, kind, 0)
    guard made >= 0 else { throw .call("making a socket") }
    let descriptor = try Handing.high(made)
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    // Inherited by every accepted connection: head and body of a response are two writes.
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = Loopback.address(port)
    let bound = Loopback.with(&address) { bind(descriptor, $0, $1) }
    guard bound == 0, listen(descriptor, 1024) == 0 else {
      let code = errno
      close(descriptor)
      throw .call("listening on port \(port)", code, "give another one with --port, or none")
    }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    self.descriptor = descriptor
    self.port = Int(UInt16(bigEndian: address.sin_port))
  }
}

/// Addresses on this machine.
enum Loopback {
  static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  static func with(_ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }
}
