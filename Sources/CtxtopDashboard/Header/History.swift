// What numbers were, for sparklines and charts.

/// The latest values of one number, at most `capacity` of them; an older one makes room for a new one.
package struct Ring: Equatable, Sendable {
  /// How many values are kept.
  package let capacity: Int
  private var storage: [Double?] = []
  private var next = 0

  /// A ring that keeps so many values, at least one.
  package init(capacity: Int) {
    self.capacity = max(1, capacity)
  }

  /// How many values there are.
  package var count: Int { storage.count }

  /// Adds a value; nil: not known.
  package mutating func append(_ value: Double?) {
    if storage.count < capacity {
      storage.append(value)
    } else {
      storage[next] = value
      next = (next + 1) % capacity
    }
  }

  /// The latest values, oldest first, at most so many.
  package func suffix(_ count: Int) -> [Double?] {
    let wanted = min(max(0, count), storage.count)
    return (storage.count - wanted..<storage.count).map { storage[(next + $0) % storage.count] }
  }
}

/// The numbers of the header over time, one value a snapshot.
package struct History: Equatable, Sendable {
  /// Ten minutes at one snapshot a second.
  package static let capacity = 600

  /// Requests per second.
  package var requests = Ring(capacity: History.capacity)
  /// Leaked contexts.
  package var leaked = Ring(capacity: History.capacity)

  /// Nothing yet.
  package init() {}
}
