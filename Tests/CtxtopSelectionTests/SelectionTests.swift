// What is wanted of a table, as it is written and as it is read.

import CtxtopModel
import CtxtopSelection
import CtxtopSnapshot
import CtxtopTestKit
import Testing

@Suite struct SelectionTests {
  private let names = ColumnName.all(of: Table.workers)
  private let rows = Model(now: Fixture.shop(at: 1), earlier: Fixture.shop(at: 0)).workerRows

  private func pids(columns: [String]? = nil, filter: String? = nil, sort: String? = nil) throws -> [Int32] {
    let selection = try TableSelection(columns: columns, filter: filter, sort: sort, among: names)
    return selection.order(of: rows, in: .workers).map { rows[$0].worker.pid }
  }

  @Test func everythingInTheOrderOfTheTable() throws {
    #expect(try pids() == [4312, 4313, 4314, 4315])
  }

  @Test(arguments: [
    ("in_flight", [4313, 4312, 4314, 4315]), ("-in_flight", [4314, 4315, 4312, 4313]),
    ("in_flight:asc", [4314, 4315, 4312, 4313]), ("in_flight:desc", [4313, 4312, 4314, 4315]),
    ("pid", [4312, 4313, 4314, 4315]), ("-pid", [4315, 4314, 4313, 4312]), ("pid:asc", [4312, 4313, 4314, 4315]),
    ("PID:desc", [4315, 4314, 4313, 4312]), ("flight", [4313, 4312, 4314, 4315]),
  ])
  func sorted(by text: String, pids expected: [Int32]) throws {
    #expect(try pids(sort: text) == expected)
  }

  @Test(arguments: [
    ("leaking|dead", [4312, 4315]), ("!leaking|dead", [4313, 4314]), ("state:OK|ok", [4314]),
    ("pid:!431[23]", [4314, 4315]),
    ("", [4312, 4313, 4314, 4315]), ("nothing", []),
  ])
  func filtered(by text: String, pids expected: [Int32]) throws {
    #expect(try pids(filter: text) == expected)
    #expect(try pids(filter: text, sort: "-pid") == expected.reversed())
  }

  @Test func columnsAreThoseThatWereChosen() throws {
    let (usual, all) = (["a", "c"], ["a", "b", "c", "d"])
    #expect(ColumnChoice.usual.ids(usual: usual, all: all) == ["a", "c"])
    #expect(ColumnChoice.only(["d", "a", "x"]).ids(usual: usual, all: all) == ["d", "a"])
    #expect(ColumnChoice.changed(shown: ["d", "b"], hidden: ["a"]).ids(usual: usual, all: all) == ["b", "c", "d"])
    #expect(try ColumnChoice(["rss_bytes", "PID"], among: names) == .only(["rss_bytes", "pid"]))
    #expect(try ColumnChoice(["+number", "-now"], among: names) == .changed(shown: ["number"], hidden: ["now"]))
    #expect(try ColumnChoice([], among: names) == .usual)
  }

  @Test(arguments: ["+rss_byte", "rss_byte"])
  func theNearestColumnIsNamed(text: String) throws {
    let error = SelectionError.noSuchColumn("rss_byte", near: "rss_bytes", all: names.map(\.id))
    #expect(throws: error) { try ColumnChoice([text], among: names) }
    #expect(throws: error) { try SortChoice("rss_byte:desc", among: names) }
  }

  @Test func badWordsAreRefused() {
    #expect(throws: SelectionError.mixedColumns) { try ColumnChoice(["pid", "+now"], among: names) }
    #expect(throws: SelectionError.columnTwice("pid")) { try ColumnChoice(["pid", "PID"], among: names) }
    #expect(throws: SelectionError.badOrder("pid:up")) { try SortChoice("pid:up", among: names) }
    #expect(throws: SelectionError.badOrder("-pid:asc")) { try SortChoice("-pid:asc", among: names) }
    #expect(throws: SelectionError.self) { try pids(filter: "a(") }
  }

  @Test func theNearestWordIsFound() {
    #expect(Nearest.of("colour", among: ["color", "mouse"]) == "color")
    #expect(Nearest.of("xyzzy", among: ["color", "mouse"]) == nil)
  }
}
