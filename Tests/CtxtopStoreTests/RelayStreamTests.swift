// What a relay says, taken apart: lines and records in any pieces, and what is neither.

import CtxtopSnapshot
import CtxtopTestKit
import Testing

@testable import CtxtopStore

@Suite struct RelayStreamTests {
  private static let failure = FarFailure(tried: "reading /x", happened: "no", remedy: "try again", status: 69)
  private static let words: [RelayWord] = [
    .connecting, .live, .segment(nil), .segment(failure), .reconnecting(failure), .failed(failure), .ended,
    .answer("ok: worker 4312"),
  ]

  private static var conversation: [UInt8] {
    var bytes = Array("Welcome\nto prod-3\n\(RelayWord.greeting(of: "1.0.0"))\n".utf8)
    for word in words {
      bytes += Array((word.line + "\n").utf8)
      bytes += RecordEncoder.encode(snapshot)
    }
    return bytes
  }

  private static var snapshot: Snapshot {
    var snapshot = Snapshot()
    snapshot.service = "shop"
    return snapshot
  }

  private func items(of bytes: [UInt8], in pieces: Int) throws -> [RelayStream.Item] {
    var stream = RelayStream(path: "h/shop")
    var items: [RelayStream.Item] = []
    for start in stride(from: 0, to: bytes.count, by: pieces) {
      try stream.fill { (buffer) throws(SystemError) in buffer += bytes[start..<min(start + pieces, bytes.count)] }
      while let item = try stream.next() { items.append(item) }
    }
    return items
  }

  @Test(arguments: [1, 2, 7, 64, 100_000])
  func comesApartAsItWasPutTogether(pieces: Int) throws {
    let expected = [RelayStream.Item.greeting] + Self.words.flatMap { [.word($0), .snapshot(Self.snapshot, nil)] }
    #expect(try items(of: Self.conversation, in: pieces) == expected)
  }

  @Test func wordsAreCleanedAndBounded() throws {
    let evil = FarFailure(
      tried: "a\tb\nc\u{1b}[2J\u{202e}", happened: String(repeating: "x", count: 5000), remedy: "", status: 1)
    let line = RelayWord.failed(evil).line
    #expect(!line.contains("\n") && line.utf8.count < 1_000)
    guard case .failed(let read)? = RelayWord(Array(line.utf8)) else { throw Mistake() }
    #expect(read.tried == "a b?c?[2J?" && read.happened.count == 700)
    let raw = RelayWord(Array("answer\tok \u{1b}]0;x\u{7}".utf8))
    #expect(raw == .answer("ok ?]0;x?"))
  }

  private struct Mistake: Error {}

  @Test func anEndlessLineIsGivenUp() {
    for start in ["", RelayWord.greeting(of: "1") + "\n"] {
      #expect(throws: StoreError.notOurProtocol("h/shop")) {
        try items(of: Array(start.utf8) + Array(repeating: 120, count: 200_000), in: 1000)
      }
    }
  }

  @Test func anEndlessPrefaceIsGivenUp() {
    #expect(throws: StoreError.notOurProtocol("h/shop")) {
      try items(of: Array(String(repeating: "y\n", count: 100_000).utf8), in: 4096)
    }
  }

  @Test func anotherVersionIsNamed() {
    #expect(throws: StoreError.otherRelay("h/shop", version: 2)) {
      try items(of: Array("ctxtop relay 2 9\n".utf8), in: 99)
    }
  }

  @Test func damageIsSurvived() {
    var random = SystemRandomNumberGenerator()
    let whole = Self.conversation
    for _ in 0..<3_000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1..<6, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
      }
      _ = try? items(of: bytes, in: 256)
    }
  }
}
