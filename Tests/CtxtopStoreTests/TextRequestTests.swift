// Requests that are answered by a line of text, against exporters that answer, dawdle, break off and come later.

import CtxtopStore
import Testing

@Suite struct TextRequestTests {
  let directory: TemporaryDirectory
  var path: String { directory.path + "/shop.sock" }
  var endpoint: Endpoint { Endpoint(name: "shop", socketPath: path, segmentPath: nil) }

  init() throws { directory = try TemporaryDirectory() }

  /// What comes of a request to a server that does this.
  private func answer(
    patience: UInt64 = 2_000_000_000, _ serve: @escaping @Sendable (ServerConnection) -> Void
  ) throws -> String {
    let server = try TestServer(path, serve: serve)
    defer { server.stop() }
    return try TextRequest.ask(endpoint, "recycle 1", patience: patience)
  }

  @Test func anAnswerInPiecesIsALine() throws {
    let text = try answer { connection in
      guard connection.request() == "recycle 1" else { return }
      connection.send("ok: it ".utf8)
      connection.send("goes\nmore".utf8)
      connection.waitForEnd()
    }
    #expect(text == "ok: it goes")
  }

  @Test func silenceEndsWithThePatience() {
    let began = System.monotonicTime()
    #expect(throws: StoreError.silent(path)) { try answer(patience: 100_000_000) { $0.waitForEnd() } }
    #expect(System.monotonicTime() - began < 2_000_000_000)
  }

  @Test func aLeaderThatGoesIsAskedAgain() throws {
    let text = try answer { connection in
      guard connection.request() == "recycle 1", connection.number > 0 else { return }
      connection.send("ok\n".utf8)
    }
    #expect(text == "ok")
  }

  @Test func whoAlwaysHangsUpIsGivenUp() {
    #expect(throws: StoreError.closed(path)) { try answer { _ in } }
  }

  @Test func endlessWordsAreNoAnswer() {
    #expect(throws: StoreError.notOurProtocol(path)) {
      try answer { connection in
        connection.send([UInt8](repeating: 65, count: 5_000))
        connection.waitForEnd()
      }
    }
  }

  @Test func nobodyIsWaitedForNoLongerThanATakeover() {
    let began = System.monotonicTime()
    #expect(throws: StoreError.self) { try TextRequest.ask(endpoint, "recycle 1") }
    #expect(System.monotonicTime() - began < 1_500_000_000)
  }

  @Test func advancingBlocksNowhere() throws {
    let server = try TestServer(path) { $0.waitForEnd() }
    defer { server.stop() }
    let began = System.monotonicTime()
    let request = TextRequest(endpoint, "recycle 1", now: began, patience: 60_000_000_000)
    for _ in 0..<100 { #expect(request.advance(now: System.monotonicTime()) == nil) }
    #expect(System.monotonicTime() - began < 1_000_000_000)
    #expect(request.pollRequests.count == 1)
    #expect(request.deadline == began + 60_000_000_000)
  }
}
