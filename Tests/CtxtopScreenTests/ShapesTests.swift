import CtxtopScreen
import Testing

@Suite struct ShapesTests {
  @Test(arguments: [Shapes.unicode, Shapes.ascii])
  func shapesHaveTheWidthsTheyClaim(shapes: Shapes) {
    let single =
      shapes.heights + shapes.widths + shapes.corners + [
        shapes.horizontal, shapes.vertical, shapes.tick, shapes.selection, shapes.ascending, shapes.descending,
        shapes.ellipsis, shapes.critical, shapes.warning, shapes.notice, shapes.dead, shapes.paused,
        shapes.live, shapes.good, shapes.folded, shapes.unfolded,
      ]
    #expect(single.allSatisfy { DisplayWidth.of($0) == 1 })
    let tree = [shapes.tree.branch, shapes.tree.lastBranch, shapes.tree.line, shapes.tree.blank]
    #expect(tree.allSatisfy { DisplayWidth.of($0) == 2 })
    #expect(Set([shapes.critical, shapes.warning, shapes.notice, shapes.good, " "]).count == 5)
  }

  @Test func asciiIsASCII() {
    let tree = Shapes.ascii.tree
    let all = Shapes.ascii.heights.map { String($0) } + [tree.branch, tree.lastBranch, tree.line]
    #expect(all.allSatisfy { $0.utf8.allSatisfy { $0 < 0x7F } })
  }

  @Test func aMeterSaysItsLevelWithoutColour() {
    func meter(_ sign: Unicode.Scalar?) -> [String] {
      var buffer = Buffer(Size(width: 7, height: 1))
      Meter(0.5, shapes: .unicode, style: .standard, frame: .standard, sign: sign).render(
        in: buffer.bounds, into: &buffer)
      return buffer.lines
    }
    #expect(meter("▲") == ["[██  ]▲"])
    #expect(meter(" ") == ["[██  ]"])
    #expect(meter(nil) == ["[██▌  ]"])
  }
}
