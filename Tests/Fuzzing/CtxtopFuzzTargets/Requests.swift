// What clients say to an exporter: a connected pair of sockets, and a clock that the input moves.

import CtxtopAgent
import CtxtopSnapshot
import Glibc

extension FuzzTarget {
  /// A byte below 250 is the length of what comes next; the others move the clock, read, or end the connection. The
  /// first byte is the client's level.
  static let request = FuzzTarget(name: "request", summary: "what clients say to an exporter", longest: 4096) { bytes in
    var input = Input(bytes)
    guard let peer = FuzzedClient(isControlled: input.byte() & 1 == 1) else { return }
    while !input.rest.isEmpty {
      let order = input.byte()
      switch order {
      case 250: peer.pass(milliseconds: 10)
      case 251: peer.pass(milliseconds: 100_000)
      case 252: peer.read(100)
      case 253: peer.read(1 << 20)
      case 254: peer.finish()
      case 255: peer.hangUp()
      default: peer.say(input.take(Int(order)))
      }
      peer.serve()
    }
  }
}

/// One client of an exporter, and the exporter's side of it.
private final class FuzzedClient {
  private let client: ExporterClient
  private let peer: Int32
  private var now: UInt64 = 1_000_000_000
  private var answers = 0

  init?(isControlled: Bool) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0, &ends) == 0 else {
      return nil
    }
    client = ExporterClient(ends[0], level: isControlled ? .control : .read, at: now)
    peer = ends[1]
  }

  deinit {
    close(client.descriptor)
    close(peer)
  }

  func say(_ bytes: [UInt8]) { _ = send(peer, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
  func finish() { shutdown(peer, Int32(SHUT_WR)) }
  func hangUp() { shutdown(peer, Int32(SHUT_RDWR)) }
  func pass(milliseconds: UInt64) { now += milliseconds * 1_000_000 }

  func read(_ count: Int) {
    var buffer = [UInt8](repeating: 0, count: count)
    _ = recv(peer, &buffer, count, 0)
  }

  /// As the exporter does when something has happened.
  func serve() {
    if client.isFinished { return }
    if client.pollEvents & Int16(POLLIN) != 0 { client.receive(Int16(POLLIN), at: now) }
    while let request = client.takeRequest(at: now) {
      answers += 1
      // A request takes a byte at least, and a subscription brings one answer for each time that is served.
      demand(answers < 20_000, "more answers than requests")
      switch request {
      case .record: client.send(answer(of: 3000), at: now)
      case .json: client.send(answer(of: 300_000), at: now, andClose: true)
      case .text(let text): client.send(text, at: now)
      case .recycle(let pid):
        demand(pid < 1_000_000_000, "a pid of ten digits")
        client.send(answer(of: 20), at: now, andClose: true)
      }
    }
    client.flush(at: now)
    demand(client.isFinished || client.nextDue(silence: 10_000_000_000) > 0, "due at no time")
  }

  private func answer(of count: Int) -> Bytes {
    [UInt8](repeating: 7, count: count).withUnsafeBytes { Bytes($0) }
  }
}
