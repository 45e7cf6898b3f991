// What the mouse hits is what is drawn there: the expectation is read from the screen's text.

import CtxtopDashboard
import CtxtopModel
import CtxtopScreen
import CtxtopTestKit
import Testing
import CtxtopSettings

@Suite struct MouseTests {
  static let sizes = [(80, 24), (120, 40), (200, 60), (40, 10), (61, 9), (20, 5)].map { Size(width: $0, height: $1) }

  @Test(arguments: ViewName.allCases, sizes) func footerKeys(_ view: ViewName, _ size: Size) {
    let session = Session(size.width, size.height, market: view)
    let y = size.height - 1
    var expected = [Target?](repeating: nil, count: size.width)
    for offer in session.state.footerKeys {
      mark(offer.key.name + " " + offer.label, in: session.screen.lines[y], .key(offer.action), &expected)
    }
    #expect(expected.contains { $0 != nil })
    for x in 0..<size.width {
      #expect(session.state.target(at: Position(x: x, y: y)) == expected[x], "\(x): \(session.screen.lines[y])")
    }
  }

  @Test(arguments: ViewName.allCases, sizes) func tabs(_ view: ViewName, _ size: Size) throws {
    let session = Session(size.width, size.height, market: view)
    guard size.height >= 8 else { return }
    let y = session.screen.lines.firstIndex { $0.contains(view.title) && $0.contains("\(view.key.name) ") } ?? 0
    let row = Array(session.screen.lines[y])
    let found = (0..<size.width).map { session.state.target(at: Position(x: $0, y: y)) }
    for kind in ViewName.allCases {
      let hits = found.indices.filter { found[$0] == .tab(kind) }
      let first = try #require(hits.first, "\(kind): \(String(row))")
      #expect(hits == Array(first..<first + hits.count), "one piece: \(kind)")
      #expect(row[first] == Character(kind.key.name), "\(kind): \(String(row))")
    }
    // Whatever stands there belongs to a tab.
    for x in row.indices where row[x] != " " { #expect(found[x] != nil, "\(x)") }
  }

  @Test(arguments: ViewName.allCases, sizes) func titlesAndRows(_ view: ViewName, _ size: Size) throws {
    let session = Session(size.width, size.height, market: view)
    let lines = session.screen.lines
    let columns = view.definitionTitles
    let first = try #require(lines.firstIndex { $0.hasPrefix("▸") })
    let titles = Array(lines[first - 1].padding(to: size.width))
    for x in 3..<size.width where titles[x] != " " {
      guard case .title(let id) = session.state.target(at: Position(x: x, y: first - 1)) else {
        Issue.record("no title at \(x) of \(String(titles))")
        continue
      }
      // The title in which the cell lies stands around it.
      let title = columns[id] ?? ""
      let near = String(titles[max(0, x - title.count)..<min(size.width, x + title.count)])
      #expect(near.contains(title.prefix(3)) || title.contains(titles[x]), "\(id) at \(x)")
    }
    for x in 0..<3 { #expect(session.state.target(at: Position(x: x, y: first - 1)) == nil) }
    for y in first..<size.height - 1 {
      let isRow = !lines[y].allSatisfy { $0 == " " }
      let expected: Target? = isRow ? .row(y - first) : nil
      for x in [0, 1, size.width / 2, size.width - 1] {
        #expect(session.state.target(at: Position(x: x, y: y)) == expected)
      }
    }
  }

  @Test func clickSelectsAndOpens() throws {
    var session = Session(80, 24, market: .units)
    let line = try #require(session.screen.lines.firstIndex { $0.hasPrefix("▸") }) + 3
    let row = session.screen.lines[line].dropFirst()
    session.press(.mouse(Mouse(.press, at: Position(x: 20, y: line))))
    #expect(session.selectedLine?.dropFirst() == row)
    session.press(.mouse(Mouse(.doubleClick, at: Position(x: 20, y: line))))
    #expect(session.state.mode == .detail)
    session.press(.mouse(Mouse(.wheelDown, at: Position(x: 20, y: line))), .escape)
    #expect(session.selectedLine?.dropFirst() == row)
  }

  @Test func aHiddenKeyIsNotHit() {
    var session = Session(market: .workers)
    session.press("n")
    let before = session.screen
    #expect(before.lines[23].contains("nothing was searched for"))
    for x in 0..<80 { #expect(session.state.target(at: Position(x: x, y: 23)) == nil) }
    var low = Session(80, 6, market: .workers)
    low.press("h")
    for x in 0..<80 { #expect(low.state.target(at: Position(x: x, y: 5)) == .text) }
  }

  private func mark(_ text: String, in line: String, _ target: Target, _ expected: inout [Target?]) {
    let (line, text) = (Array(line), Array(text))
    guard line.count >= text.count else { return }
    for x in 1...max(1, line.count - text.count) where x + text.count <= line.count {
      guard Array(line[x..<x + text.count]) == text, line[x - 1] == " " else { continue }
      for offset in text.indices { expected[x + offset] = target }
      return
    }
  }
}

extension ViewName {
  /// The titles of its columns by their ids.
  fileprivate var definitionTitles: [String: String] {
    func titles<Row>(_ table: CtxtopModel.Table<Row>) -> [String: String] {
      Dictionary(uniqueKeysWithValues: table.columns.map { ($0.id, $0.title) })
    }
    return switch self {
    case .workers: titles(.workers)
    case .units: titles(.units)
    case .contexts: titles(.contexts)
    case .connections: titles(.connections)
    case .failures: titles(.failures)
    case .verdicts: titles(.verdicts)
    case .tree: titles(.tree)
    }
  }
}

extension String {
  fileprivate func padding(to count: Int) -> String { self + String(repeating: " ", count: max(0, count - self.count)) }
}
