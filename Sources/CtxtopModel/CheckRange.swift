// Ranges of values that are as they should be, in the notation of the monitoring plugins: `[@]start:end`.
//
//   10       0 to 10            ~:10     up to 10
//   10:      10 and more        10:20    10 to 20
//   @10:20   all but 10 to 20
//
// Both ends belong to the range. What is not as it should be alerts.

/// A range of values that raise no alert.
package struct CheckRange: Equatable, Sendable {
  /// Its least value; minus infinity where it has none.
  package let start: Double
  /// Its greatest value; infinity where it has none.
  package let end: Double
  /// Whether the values in it alert, instead of those outside of it.
  package let isInverted: Bool

  /// Reads a range; nil: it is none. `number` reads one end of it.
  package init?(_ text: some StringProtocol, number: (Substring) -> Double? = CheckRange.number) {
    var rest = Substring(text)
    isInverted = rest.first == "@"
    if isInverted { rest.removeFirst() }
    let ends = rest.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let last = ends.last, ends.count <= 2, !rest.isEmpty, rest != ":" else { return nil }
    let first = ends.count == 2 ? ends[0] : "0"
    guard let start = first == "~" ? -Double.infinity : first.isEmpty ? 0 : number(first),
      let end = ends.count == 2 && last.isEmpty ? Double.infinity : number(last), start <= end
    else { return nil }
    self.start = start
    self.end = end
  }

  /// A decimal number.
  package static func number(_ text: Substring) -> Double? {
    let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D }
    guard isPlain, let value = Double(text), value.isFinite, abs(value) < 1e15 else { return nil }
    return value
  }

  /// A time in seconds: `60`, `1.5s`, `500ms`, `5m`, `2h`, `1d`.
  package static func seconds(_ text: Substring) -> Double? {
    let units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)]
    for (unit, factor) in units where text.hasSuffix(unit) {
      return number(text.dropLast(unit.count)).map { $0 * factor }
    }
    return number(text)
  }

  /// Whether a value alerts; nil: it depends on what of it is not known.
  package func alerts(_ value: CheckValue) -> Bool? {
    let high = value.high ?? .infinity
    let isInside = value.low >= start && high <= end
    let isOutside = high < start || value.low > end
    guard isInside || isOutside else { return nil }
    return isInside == isInverted
  }

  /// As it is written into performance data.
  package var text: String {
    let first = start == -.infinity ? "~:" : start == 0 && end < .infinity ? "" : Self.text(start) + ":"
    return (isInverted ? "@" : "") + first + (end == .infinity ? "" : Self.text(end))
  }

  /// A number without needless digits.
  package static func text(_ value: Double) -> String {
    guard value.rounded() != value else { return String(Int64(value)) }
    var text = Format.fixed(value, digits: 3)
    while text.last == "0" { text.removeLast() }
    return text.last == "." ? String(text.dropLast()) : text
  }
}

/// A value, as far as it is known.
package struct CheckValue: Equatable, Sendable {
  /// It is not less.
  package let low: Double
  /// It is not more; nil: nothing is known of that.
  package let high: Double?

  /// A value between two others.
  package init(from low: Double, to high: Double?) {
    self.low = low
    self.high = high
  }

  /// A value that is known.
  package init(_ value: Double) { self.init(from: value, to: value) }

  /// The value, if it is known.
  package var known: Double? { high == low ? low : nil }
}
