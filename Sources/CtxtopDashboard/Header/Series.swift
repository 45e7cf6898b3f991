// What numbers were, for sparklines and charts: compact, and bounded from the beginning.

/// Several numbers over time, one value of each a snapshot; when it is full, the latest take the oldest ones' place.
package struct Series: Sendable {
  /// How many snapshots are kept: ten minutes at one a second.
  package static let capacity = 600

  /// How many numbers.
  package let width: Int
  /// How many snapshots there were ever.
  package private(set) var recorded = 0
  /// Snapshot by snapshot; NaN: not known. Four bytes a value: `capacity * width * 4` when it is full.
  private var storage: [Float] = []

  /// A series of so many numbers, at least one.
  package init(width: Int) {
    self.width = max(1, width)
  }

  /// How many snapshots it has.
  package var count: Int { min(recorded, Series.capacity) }

  /// Adds a snapshot: `value` is asked for each number by its index; nil: not known.
  package mutating func append(_ value: (Int) -> Double?) {
    if recorded < Series.capacity {
      reserve()
      for number in 0..<width { storage.append(Series.stored(value(number))) }
    } else {
      let start = recorded % Series.capacity * width
      for number in 0..<width { storage[start + number] = Series.stored(value(number)) }
    }
    recorded += 1
  }

  /// Adds snapshots of which nothing is known.
  mutating func leaveGap(_ snapshots: Int) {
    for _ in 0..<snapshots { append { _ in nil } }
  }

  /// The latest values of a number, oldest first, at most so many.
  package func values(of number: Int, last: Int = Series.capacity) -> [Double?] {
    guard (0..<width).contains(number) else { return [] }
    let wanted = min(max(0, last), count)
    return (recorded - wanted..<recorded).map { moment in
      let value = storage[moment % Series.capacity * width + number]
      return value.isNaN ? nil : Double(value)
    }
  }

  private static func stored(_ value: Double?) -> Float { value.map { Float($0) } ?? .nan }

  /// Doubles, but never beyond what is needed in the end.
  private mutating func reserve() {
    guard storage.count + width > storage.capacity else { return }
    storage.reserveCapacity(min(Series.capacity * width, max(16 * width, storage.count * 2)))
  }
}

/// When the snapshots were, by the operator's clock: the same for all series.
package struct Timeline: Sendable {
  private var times: [UInt64] = []
  /// How many snapshots there were ever.
  package private(set) var recorded = 0

  /// Nothing yet.
  package init() {}

  /// When the latest snapshot came; nil: none has.
  package var latest: UInt64? { recorded > 0 ? times[(recorded - 1) % Series.capacity] : nil }

  /// Adds a snapshot.
  package mutating func append(_ time: UInt64) {
    if recorded < Series.capacity {
      times.append(time)
    } else {
      times[recorded % Series.capacity] = time
    }
    recorded += 1
  }

  /// How long ago the snapshot was that came so many before the latest; before the first one, as if they had come
  /// every `interval` milliseconds.
  package func age(back: Int, interval: Int) -> UInt64 {
    guard recorded > 0 else { return 0 }
    let known = min(max(0, back), min(recorded, Series.capacity) - 1)
    let then = times[(recorded - 1 - known) % Series.capacity]
    let latest = times[(recorded - 1) % Series.capacity]
    return Moment.between(then, latest) + UInt64(max(0, back - known)) * UInt64(max(0, interval)) * 1_000_000
  }
}
