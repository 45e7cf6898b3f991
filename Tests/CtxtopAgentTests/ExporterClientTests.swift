// What a client of the exporter may ask, and what it gets for asking badly. No socket of a service: a pair of
// connected ones, and a clock that the test holds.

import CCtxtop
import CtxtopGuestTestKit
import CtxtopSnapshot
import Testing

@testable import CtxtopAgent

@Suite("Exporter's client")
struct ExporterClientTests {
  private static let second: UInt64 = 1_000_000_000

  /// Both ends of a connection.
  private final class Pair {
    var client: ExporterClient
    let peer: Int32

    init(_ level: ExporterClient.Level = .read) {
      var ends: [Int32] = [-1, -1]
      guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { fatalError("no socket") }
      client = ExporterClient(ends[0], level: level, at: 0)
      peer = ends[1]
    }

    deinit {
      close(client.descriptor)
      close(peer)
    }

    /// What the client gets to answer for these bytes, at a time.
    func ask(_ bytes: [UInt8], at now: UInt64 = 0) -> [String] {
      var requests: [String] = []
      var rest = bytes[...]
      repeat {
        // The exporter is asked whether to read at all before each read.
        let wanted = Array(rest.prefix(256))
        rest = rest.dropFirst(256)
        if !wanted.isEmpty { send(peer, wanted, wanted.count, Int32(MSG_NOSIGNAL)) }
        if client.pollEvents & Int16(POLLIN) != 0 { client.receive(Int16(POLLIN), at: now) }
        requests += taken(at: now)
      } while !rest.isEmpty
      return requests
    }

    /// What is to be answered at a time.
    func taken(at now: UInt64) -> [String] {
      var requests: [String] = []
      while let request = client.takeRequest(at: now), requests.count < 100 {
        switch request {
        case .record: requests.append("record")
        case .json: requests.append("json")
        case .recycle(let pid): requests.append("recycle \(pid)")
        case .text(let text):
          let word = text.description.split(separator: ":")[0]
          requests.append(["error", "refused"].contains(word) ? String(word) : "help")
          client.send(text, at: now)
        }
      }
      return requests
    }
  }

  @Test("A worker that is to be replaced has a pid")
  func control() {
    // Who may have it replaced is not decided here: also what is refused is noted.
    #expect(Pair().ask(Array("recycle 4312\n".utf8)) == ["recycle 4312"])
    #expect(Pair(.control).ask(Array("recycle 4312\n".utf8)) == ["recycle 4312"])
    for request in ["recycle", "recycle ", "recycle -1", "recycle 1 2", "recycle x", "recycle 1234567890"] {
      #expect(Pair(.control).ask(Array("\(request)\n".utf8)) == ["error"])
    }
  }

  @Test("Requests are lines")
  func lines() {
    #expect(Pair().ask(Array("snapshot\n".utf8)) == ["record"])
    #expect(Pair().ask(Array("snapshot\r\n".utf8)) == ["record"])
    #expect(Pair().ask(Array("json\n".utf8)) == ["json"])
    #expect(Pair().ask(Array("help\n".utf8)) == ["help"])
    #expect(Pair().ask(Array("snapshot\nsnapshot\nsnapshot\n".utf8)) == ["record", "record", "record"])
    let pair = Pair()
    #expect(pair.ask(Array("snap".utf8)) == [])
    #expect(pair.ask(Array("shot\nsna".utf8)) == ["record"])
  }

  @Test(
    "What is no request is answered once, and the connection ends",
    arguments: [
      "\n", "snapshots\n", "Snapshot\n", " snapshot\n", "watch\n", "watch \n", "watch -1\n", "watch 1x\n",
      "watch 1234567890\n",
      "watch 10 \n", "restart 1\n", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", String(repeating: "x", count: 129),
      String(repeating: "x", count: 5000), String(repeating: "x", count: 400) + "\n",
    ])
  func unknown(text: String) {
    let pair = Pair()
    #expect(pair.ask(Array(text.utf8)) == ["error"])
    #expect(pair.client.isFinished)
  }

  @Test("A long line that is not ended is waited for up to the limit")
  func limit() {
    #expect(Pair().ask([UInt8](repeating: 120, count: 128)) == [])
  }

  @Test("Random bytes never get more than an error", arguments: 0..<50)
  func random(round: Int) {
    let pair = Pair()
    let answers = pair.ask((0..<2000).map { _ in UInt8.random(in: 0...255) })
    #expect(answers.allSatisfy { $0 == "error" } && answers.count == 1)
  }

  @Test("A watch is a record at once and then one each interval, within bounds")
  func watch() {
    let pair = Pair()
    #expect(pair.ask(Array("watch 1000\n".utf8), at: 5 * Self.second) == ["record"])
    #expect(pair.taken(at: 5 * Self.second + Self.second / 2) == [])
    #expect(pair.client.nextDue(silence: 10 * Self.second) == 6 * Self.second)
    #expect(pair.taken(at: 6 * Self.second) == ["record"])
    let often = Pair()
    #expect(often.ask(Array("watch 0\n".utf8), at: Self.second) == ["record"])
    #expect(often.client.nextDue(silence: 0) == Self.second + 50_000_000)
    let seldom = Pair()
    #expect(seldom.ask(Array("watch 999999999\n".utf8), at: Self.second) == ["record"])
    #expect(seldom.client.nextDue(silence: 0) == 3601 * Self.second)
  }

  @Test("Records that are late are skipped, not sent twice")
  func late() {
    let pair = Pair()
    #expect(pair.ask(Array("watch 1000\n".utf8)) == ["record"])
    #expect(pair.taken(at: 5 * Self.second + 1) == ["record"])
    #expect(pair.taken(at: 5 * Self.second + 2) == [])
  }

  @Test("A watch can be changed and a record asked for meanwhile")
  func changed() {
    let pair = Pair()
    _ = pair.ask(Array("watch 1000\n".utf8))
    #expect(pair.ask(Array("snapshot\n".utf8), at: 1) == ["record"])
    #expect(pair.ask(Array("watch 100\n".utf8), at: 2) == ["record"])
    #expect(pair.client.nextDue(silence: 0) == 100_000_002)
  }

  @Test("A client that does not read is not asked what more it wants, and nothing that it asked is lost")
  func backPressure() {
    let pair = Pair()
    let megabyte = [UInt8](repeating: 7, count: 1 << 20)
    #expect(pair.ask(Array("snapshot\n".utf8)) == ["record"])
    pair.client.send(bytes(megabyte), at: 0)
    #expect(pair.client.isStuck && pair.client.pollEvents == Int16(POLLOUT))
    #expect(pair.ask(Array(String(repeating: "snapshot\n", count: 40).utf8)) == [])
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var read = 0
    while read < megabyte.count {
      read += recv(pair.peer, &buffer, buffer.count, 0)
      pair.client.flush(at: 1)
    }
    #expect((0..<3).flatMap { _ in pair.ask([], at: 1) }.count == 40)
  }

  @Test("After its last word a client still gets its answer; a subscription ends")
  func hangUp() {
    let pair = Pair()
    #expect(pair.ask(Array("snapshot\n".utf8)) == ["record"])
    shutdown(pair.peer, Int32(SHUT_WR))
    #expect(pair.ask([]) == [])
    #expect(pair.client.isFinished)
    let watching = Pair()
    #expect(watching.ask(Array("watch 100\n".utf8)) == ["record"])
    watching.client.send(bytes([UInt8](repeating: 7, count: 1 << 20)), at: 0)
    shutdown(watching.peer, Int32(SHUT_WR))
    watching.client.receive(Int16(POLLIN), at: 0)
    #expect(!watching.client.isFinished)
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while watching.client.pollEvents & Int16(POLLOUT) != 0 {
      recv(watching.peer, &buffer, buffer.count, 0)
      watching.client.flush(at: 1)
    }
    #expect(watching.taken(at: 10 * Self.second) == [])
    #expect(watching.client.isFinished)
  }

  @Test("A last word without its newline is a request, too")
  func unfinishedLine() {
    let pair = Pair()
    #expect(pair.ask(Array("json".utf8)) == [])
    shutdown(pair.peer, Int32(SHUT_WR))
    #expect(pair.ask([]) == ["json"])
  }

  @Test("A client that has gone is noticed when it is sent to, without a signal")
  func gone() {
    let pair = Pair()
    shutdown(pair.peer, Int32(SHUT_RDWR))
    pair.client.send(bytes([1, 2, 3]), at: 0)
    #expect(pair.client.isFinished)
  }
}

private func bytes(_ array: [UInt8]) -> Bytes { array.withUnsafeBytes { Bytes($0) } }
