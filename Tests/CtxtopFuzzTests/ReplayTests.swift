// What fuzzing began with and what it found, read once more; and a little of it without libFuzzer: each kept input,
// changed at random. Tests/fuzz goes on for as long as one likes.

import CtxtopFuzzTargets
import CtxtopRandomKit
import Testing

@Suite("Fuzzing")
struct ReplayTests {
  private static let root =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
    .joined(separator: "/") + "/Fuzzing"

  @Test("Kept inputs do no harm, nor do a few changes to them", arguments: FuzzTarget.all.map(\.name))
  func replay(name: String) throws {
    let target = try #require(FuzzTarget.named(name))
    let paths = Inputs.paths(of: target, below: Self.root)
    try #require(!paths.isEmpty, "there is nothing in \(Self.root)/corpus/\(name)")
    var mutator = RecordMutator(seed: 1)
    target.run([])
    for path in paths {
      let bytes = try #require(Inputs.bytes(of: path))
      target.run(bytes)
      for _ in 0..<20 { target.run(Array(mutator.change(bytes).prefix(target.longest))) }
    }
  }
}
