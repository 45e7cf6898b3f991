// A stack that hardly ever has more than one element, which then needs no memory of its own.

struct InlineStack<Element> {
  private(set) var count = 0
  private var first: Element?
  private var later: [Element] = []

  @inline(__always)
  mutating func append(_ element: Element) {
    if count == 0 { first = element } else { later.append(element) }
    count &+= 1
  }

  /// Removes the latest; nil where there is none.
  @inline(__always)
  mutating func popLast() -> Element? {
    if count == 0 { return nil }
    count &-= 1
    if count > 0 { return later.removeLast() }
    defer { first = nil }
    return first
  }

  /// One of them, 0 is the latest; nil: there are not so many.
  subscript(fromLast index: Int) -> Element? {
    guard index < count else { return nil }
    return index == count &- 1 ? first : later[later.count &- 1 &- index]
  }
}
