// What a client of the service's socket does, in blocking calls with a generous limit.

import CCtxtop
import CtxtopSnapshot

/// A connection to an exporter.
package final class ServiceClient {
  package let descriptor: Int32

  /// Connects, waiting for the socket to appear; nil: it never did.
  package init?(_ directory: String, patience seconds: Int = 30) {
    for _ in 0..<seconds * 100 {
      if let descriptor = Self.connect(directory + "/shop.sock") {
        self.descriptor = descriptor
        return
      }
      usleep(10_000)
    }
    return nil
  }

  deinit { close(descriptor) }

  private static func connect(_ path: String) -> Int32? {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { CCtxtop.connect(descriptor, $0, size) }
    }
    if connected < 0 {
      close(descriptor)
      return nil
    }
    var limit = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    return descriptor
  }

  package func send(_ text: String) { _ = CCtxtop.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

  /// Says that nothing more will be asked.
  package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Bytes, as many as asked for; fewer when the exporter closed the connection or did not answer.
  package func receive(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = bytes[done...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      if read <= 0 { break }
      done += read
    }
    return Array(bytes[..<done])
  }

  /// All bytes until the exporter closes the connection.
  package func receiveAll() -> String {
    var bytes: [UInt8] = []
    while true {
      let more = receive(4096)
      bytes += more
      if more.count < 4096 { return String(decoding: bytes, as: UTF8.self) }
    }
  }

  /// The next record, decoded.
  package func record() throws -> Snapshot {
    let head = receive(RecordHeader.byteCount)
    let header = try head.withUnsafeBytes { bytes throws(RecordError) in try RecordHeader(bytes) }
    return try RecordDecoder.decode(head + receive(header.payloadLength))
  }
}
