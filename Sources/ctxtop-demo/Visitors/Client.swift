// A client for HTTP/1.1 on one connection that is kept: as much as the shop's visitors need.

import Glibc

/// One visitor's connection. One thread uses it.
final class Client {
  /// What was answered.
  struct Response {
    let status: Int
    let text: String
  }

  /// A shop that answers with more than this is none.
  private static let longest = 1 << 20

  private let port: Int
  private let user: String
  private var descriptor: Int32 = -1
  private var buffer: [UInt8] = []

  init(port: Int, user: String) {
    self.port = port
    self.user = user
  }

  /// Asks for a path. nil: there was no answer, or it broke off. A connection that was kept may have been closed
  /// meanwhile by a worker that ends; then the request is made once more, on a new one.
  func get(_ path: String) -> Response? {
    let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: user=\(user)\r\n\r\n"
    if descriptor >= 0 {
      if let response = exchange(request) { return response }
      // Something came before it broke off: the request was served.
      let isServed = !buffer.isEmpty
      close()
      if isServed { return nil }
    }
    guard connect() else { return nil }
    let response = exchange(request)
    if response == nil { close() }
    return response
  }

  func close() {
    if descriptor >= 0 { _ = Glibc.close(descriptor) }
    descriptor = -1
    buffer = []
  }

  private func connect() -> Bool {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return false }
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = Loopback.address(port)
    if Loopback.with(&address, { Glibc.connect(descriptor, $0, $1) }) == 0 { return true }
    close()
    // A shop that is not there is not asked all the time.
    usleep(100_000)
    return false
  }

  private func exchange(_ request: String) -> Response? {
    buffer = []
    guard send(request), let head = readHead() else { return nil }
    let lines = head.split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count > 1, let status = Int(words[1]) else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2 else { continue }
      headers[parts[0].lowercased()] = parts[1].drop { $0 == " " }.lowercased()
    }
    guard let text = headers["transfer-encoding"] == "chunked" ? readChunks() : readBody(headers["content-length"])
    else { return nil }
    if headers["connection"] == "close" { close() }
    return Response(status: status, text: text)
  }

  private func send(_ text: String) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return false }
      bytes = bytes.dropFirst(count)
    }
    return true
  }

  /// More bytes at the end of the buffer; false: there are none to come.
  private func fill() -> Bool {
    guard buffer.count < Self.longest else { return false }
    var more = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &more, more.count, 0)
    guard count > 0 else { return false }
    buffer += more.prefix(count)
    return true
  }

  /// What stands before the empty line, which is taken from the buffer with it.
  private func readHead() -> String? {
    while true {
      if let end = place(of: [13, 10, 13, 10]) { return taken(end, and: 4) }
      guard fill() else { return nil }
    }
  }

  private func readBody(_ length: String?) -> String? {
    guard let length, let count = Int(length), (0...Self.longest).contains(count) else { return nil }
    while buffer.count < count { guard fill() else { return nil } }
    return taken(count, and: 0)
  }

  private func readChunks() -> String? {
    var text = ""
    while true {
      while place(of: [13, 10]) == nil { guard fill() else { return nil } }
      guard let line = taken(place(of: [13, 10])!, and: 2), let count = Int(line, radix: 16),
        (0...Self.longest).contains(count)
      else { return nil }
      while buffer.count < count + 2 { guard fill() else { return nil } }
      text += taken(count, and: 2) ?? ""
      if count == 0 { return text }
    }
  }

  private func place(of bytes: [UInt8]) -> Int? {
    guard buffer.count >= bytes.count else { return nil }
    return (0...(buffer.count - bytes.count)).first { buffer[$0..<($0 + bytes.count)].elementsEqual(bytes) }
  }

  private func taken(_ count: Int, and more: Int) -> String? {
    let text = String(decoding: buffer.prefix(count), as: UTF8.self)
    buffer.removeFirst(count + more)
    return text
  }
}
