// A list that may grow while others read it.

import Synchronization

/// What was read stays valid, because nothing is freed before the whole is. Reading takes no lock and no reference,
/// which processors would pass to and fro.
final class PublishedList<Element: AnyObject & Sendable>: Sendable {
  final class Edition: Sendable {
    let elements: [Element]
    init(_ elements: [Element]) { self.elements = elements }
  }

  /// The address of the latest edition; 0: there is none.
  private let latest = Atomic<UInt>(0)
  private let editions = Guarded<[Edition]>([])

  func add(_ element: Element) {
    editions.withLock { editions in
      let edition = Edition((editions.last?.elements ?? []) + [element])
      editions.append(edition)
      latest.store(UInt(bitPattern: Unmanaged.passUnretained(edition).toOpaque()), ordering: .releasing)
    }
  }

  /// Whether there is nothing in it.
  @inline(__always)
  var isEmpty: Bool { latest.load(ordering: .relaxed) == 0 }

  /// What is in it now, in the order in which it was added; nil: nothing.
  @inline(__always)
  var edition: Unmanaged<Edition>? {
    UnsafeRawPointer(bitPattern: latest.load(ordering: .acquiring)).map { Unmanaged.fromOpaque($0) }
  }
}
