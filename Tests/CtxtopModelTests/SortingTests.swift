// Sorting by a column: the order of values of each kind, stability, and what is not known.

import Testing

@testable import CtxtopModel

@Suite("Sorting")
struct SortingTests {
  private func order(_ values: [Value], descending: Bool = false) -> [Int] {
    let column = Column<Value>("value", "VALUE", "a value", width: 5) { $0 }
    return column.order(of: values, descending: descending)
  }

  @Test("What is not known is last where the greatest is first, and equals keep their order both ways")
  func unknown() {
    let values: [Value] = [.unknown, .integer(1), .integer(3), .integer(1), .unknown]
    #expect(order(values) == [0, 4, 1, 3, 2])
    #expect(order(values, descending: true) == [2, 1, 3, 0, 4])
    #expect(order([]) == [])
  }

  @Test("Numbers of every kind and size, from below zero to infinity")
  func numbers() {
    #expect(
      order([.real(-0.5), .real(.infinity), .real(0), .real(-2), .real(1e300), .real(.nan)]) == [5, 3, 0, 2, 4, 1])
    #expect(order([.real(0), .real(-0.0), .real(0)], descending: true) == [0, 1, 2])
    #expect(order([.identifier(5), .identifier(-1), .identifier(0)]) == [1, 2, 0])
    #expect(order([.integer(.max), .integer(0), .integer(1 << 40)]) == [1, 2, 0])
    #expect(order([.share(3, of: 4), .share(2, of: nil), .unknown]) == [2, 1, 0])
    #expect(order([.age(2), .duration(1), .bytes(3), .percent(0.5), .time(4)]) == [3, 1, 0, 2, 4])
  }

  @Test("Texts by their alphabet, whatever the script")
  func texts() {
    let names = ["naïve", "b", "", "日本", "a", "b", "B"]
    let expected = names.indices.sorted { (names[$0], $0) < (names[$1], $1) }
    #expect(order(names.map(Value.text)) == expected)
    #expect(order([.text("a"), .text("b"), .text("a"), .unknown], descending: true) == [1, 0, 2, 3])
  }

  @Test("States by their level, the worst first where the greatest is; those of one level by the alphabet")
  func states() {
    let values: [Value] = [.state("ok", .good), .state("wedged", .critical), .state("dead", .critical), .unknown]
    #expect(order(values, descending: true) == [2, 1, 0, 3])
    #expect(order(values) == [3, 0, 1, 2])
  }

  @Test("Rows in that order")
  func rows() {
    let column = Column<Int>("value", "VALUE", "a value", width: 5) { .integer($0 % 3) }
    #expect(column.sorted([5, 3, 2, 4, 1], descending: false) == [3, 4, 1, 5, 2])
  }
}
