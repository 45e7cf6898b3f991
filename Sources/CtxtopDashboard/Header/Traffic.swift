// The two rows of numbers in the header, with their history. Numbers stand in fields of fixed width, so that
// nothing moves when they change.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// Requests, and what they cost.
  func trafficGroups(_ totals: Totals) -> [Strip.Group] {
    let rates = totals.rates
    let exceptions = rates?.exceptions
    return [
      Strip.Group(number("req/s", rates.map { .real($0.requests) }, width: 5) + chart(charts.requests), weight: 90),
      Strip.Group(number("p50", rates?.p50.map { .duration($0) }, width: 5), weight: 60),
      Strip.Group(number("p99", rates?.p99.map { .duration($0) }, width: 5), weight: 80),
      Strip.Group(
        number("in flight", .share(totals.inFlight, of: totals.capacity), width: 5)
          + meter(totals.inFlight, of: totals.capacity), weight: 85),
      Strip.Group(
        number("errors/s", exceptions.map { .real($0) }, width: 4, (exceptions ?? 0) > 0 ? .warning : .value),
        weight: 70),
    ]
  }

  /// Contexts and connections.
  func contextGroups(_ totals: Totals) -> [Strip.Group] {
    let leaked = totals.contextsLeaked
    var connections = number(
      isWide ? "connections" : "conn", .share(totals.connectionsCheckedOut, of: totals.connectionsLimit), width: 5,
      totals.connectionsLeaked > 0 ? .warning : .value)
    connections += meter(totals.connectionsCheckedOut, of: totals.connectionsLimit)
    if let oldest = totals.oldestCheckout {
      connections += [.text(Span(" oldest ", look[.dim])), .text(Span(Format.age(oldest), look[.value]))]
    }
    var groups = [
      Strip.Group(number("contexts", .integer(totals.contextsLive), width: 3), weight: 65),
      Strip.Group(
        number("leaked", .integer(leaked), width: 2, leaked > 0 ? .critical : .value)
          + chart(charts.leaked, .critical, width: 6), weight: 90),
      Strip.Group(
        number("reused", .integer(totals.contextsReused), width: 3, totals.contextsReused > 0 ? .warning : .value),
        weight: 60),
      Strip.Group(connections, weight: 80),
      Strip.Group(
        number(
          isWide ? "teardown failures" : "td fail", .integer(totals.teardownFailures), width: 2,
          totals.teardownFailures > 0 ? .warning : .value),
        weight: 75),
    ]
    if totals.dropped > 0 {
      groups.append(Strip.Group(number("dropped", .integer(totals.dropped), width: 1, .warning), weight: 70))
    }
    return groups
  }

  private var isWide: Bool { size.width >= 110 }

  private func number(_ name: String, _ value: Value?, width: Int, _ role: Role = .value) -> [Strip.Part] {
    let text = Format.screen(value ?? .unknown).aligned(to: width)
    return [.text(Span(name + " ", look[.dim])), .text(Span(text, look[role]))]
  }

  private func chart(_ ring: Ring, _ role: Role = .chart, width: Int? = nil) -> [Strip.Part] {
    let width = (width ?? 12) * (isWide ? 2 : 1)
    let line = Sparkline(ring.suffix(width), shapes: look.shapes, style: look[role])
    return [.text(Span(" ")), .widget(line, width: width)]
  }

  /// A bar where there is a limit and room.
  private func meter(_ used: UInt64, of limit: UInt64?) -> [Strip.Part] {
    guard let limit, limit > 0, isWide else { return [] }
    let fraction = Double(used) / Double(limit)
    let role: Role = fraction >= 0.9 ? .critical : fraction >= 0.7 ? .warning : .good
    let bar = Meter(fraction, shapes: look.shapes, style: look[role], frame: look[.dim])
    return [.text(Span(" ")), .widget(bar, width: 10)]
  }
}

extension History {
  /// Adds what a model says.
  mutating func append(_ model: Model) {
    requests.append(model.totals.rates?.requests)
    leaked.append(Double(model.totals.contextsLeaked))
  }
}
