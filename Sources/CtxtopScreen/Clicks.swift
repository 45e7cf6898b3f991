// When two presses of the mouse's button are a double click. No press waits for a second one: the first is told
// at once, the second as what it is.

/// Remembers the last press.
package struct Clicks: Sendable {
  /// The longest time between two presses of a double click, in nanoseconds.
  package static let limit: UInt64 = 400_000_000

  private var last: (place: Position, time: UInt64)?

  /// Nothing pressed yet.
  package init() {}

  /// What a press at a place is; `time` is nanoseconds of a monotonic clock. A third press begins anew.
  package mutating func press(at place: Position, time: UInt64) -> Mouse.Kind {
    if let last, last.place == place, time >= last.time, time - last.time <= Clicks.limit {
      self.last = nil
      return .doubleClick
    }
    last = (place, time)
    return .press
  }
}
