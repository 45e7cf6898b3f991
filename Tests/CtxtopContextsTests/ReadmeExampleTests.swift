// The README's example is code that compiles and works.

import CtxtopContexts
import Glibc
import Testing

@Suite("Swift server of the README")
struct ReadmeExampleTests {
  private func lines(_ path: String) throws -> [String] {
    let place = "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
    let file = try #require(fopen(place.joined(separator: "/") + "/" + path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
  }

  private func between(_ first: String, _ last: String, _ lines: [String]) throws -> [String] {
    let start = try #require(lines.firstIndex(of: first), "there is no line \(first)")
    let end = try #require(lines[start...].firstIndex(of: last), "there is no line \(last)")
    return Array(lines[(start + 1)..<end])
  }

  @Test("Its text is that of the code")
  func text() throws {
    let code = try between(
      "// <swift server>", "// </swift server>", lines("Tests/CtxtopContextsTests/ReadmeExample.swift"))
    let page = try between("<!-- swift server -->", "<!-- end of swift server -->", lines("README.md"))
    #expect(page == ["```swift"] + code + ["```"])
  }

  @Test("It serves, monitored or not")
  func serves() {
    setenv("CTXTOP_ENABLED", "0", 1)
    defer { unsetenv("CTXTOP_ENABLED") }
    #expect((try? Shop().serve("7", for: "alice")) == "the cart 7 of alice")
  }
}
