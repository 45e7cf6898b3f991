// Every view as an operator sees it, at the sizes that matter. To record all screens anew after a change:
//
//   rm Tests/CtxtopDashboardTests/__Screens__/*.txt; swift test --filter CtxtopDashboardTests; swift test --filter CtxtopDashboardTests
//
// The first run records what is missing and fails; look at `git diff` before the second.

import CtxtopDashboard
import CtxtopScreen
import CtxtopTestKit
import Testing
import CtxtopSettings

@Suite struct GoldenTests {
  static let sizes = [(40, 10), (80, 24), (120, 40), (200, 60)].map { Size(width: $0, height: $1) }
  static let ascii = Look(theme: .monochrome, shapes: .ascii)

  @Test(arguments: ViewName.allCases, sizes) func view(_ view: ViewName, _ size: Size) {
    let screen = Session(size.width, size.height, market: view).screen
    expectScreen(screen, named: "market-\(view.rawValue)-\(size.width)x\(size.height)")
  }

  @Test(arguments: ViewName.allCases) func ascii(_ view: ViewName) {
    expectScreen(Session(look: Self.ascii, market: view).screen, named: "market-\(view.rawValue)-ascii-80x24")
  }

  /// What is drawn differs, where it stands does not.
  @Test(arguments: ViewName.allCases, sizes) func asciiStandsWhereUnicodeStands(_ view: ViewName, _ size: Size) {
    let plain = Session(size.width, size.height, look: Self.ascii, market: view).screen
    let drawn = Session(size.width, size.height, market: view).screen
    let differing = Self.places(of: drawn).filter { y, x in
      let text = drawn[x, y].text
      return text.unicodeScalars.allSatisfy(\.isASCII) && plain[x, y].text != text
    }
    #expect(differing.isEmpty)
    let shapes = plain.lines.joined().unicodeScalars.filter { !$0.isASCII }
    // The name of a thread is not ours to change.
    #expect(shapes.allSatisfy { "日本語の名前".unicodeScalars.contains($0) })
  }

  @Test(arguments: ViewName.allCases, ["default", "monochrome"]) func styles(_ view: ViewName, _ name: String) {
    let theme: Theme = name == "default" ? .color : .monochrome
    let screen = Session(look: Look(theme: theme), market: view).screen
    expectStyles(screen, theme: theme, named: "market-\(view.rawValue)-styles-\(name)-80x24")
  }

  /// Whatever is critical or a warning in a row by its colour has a sign left of the row too.
  @Test(arguments: ViewName.allCases) func nothingIsShownByColourAlone(_ view: ViewName) {
    let theme = Theme.color
    let screen = Session(200, 60, look: Look(theme: theme), market: view).screen
    let alarming = [theme[.critical], theme[.warning]].map(\.foreground)
    for y in 8..<59 where (3..<200).contains(where: { Self.isWord(screen, $0, y, alarming) }) {
      let sign = screen[1, y].text
      #expect(sign != " ", "\(screen.lines[y])")
    }
  }

  /// Whether the cell is part of an alarming word; numbers say by themselves what they say.
  private static func isWord(_ screen: Buffer, _ x: Int, _ y: Int, _ alarming: [Color]) -> Bool {
    let cell = screen[x, y]
    return alarming.contains(cell.style.foreground) && cell.text.unicodeScalars.contains { $0.properties.isAlphabetic }
  }

  private static func places(of buffer: Buffer) -> [(Int, Int)] {
    (0..<buffer.size.height).flatMap { y in (0..<buffer.size.width).map { (y, $0) } }
  }
}
