// The two rows of numbers in the header, with their history. Numbers stand in fields of fixed width, so that
// nothing moves when they change. How much is shown beside them depends on the width alone.

import CtxtopModel
import CtxtopScreen
import CtxtopSnapshot

extension State {
  /// Draws both rows.
  func renderNumbers(_ totals: Totals, in layout: Layout, into buffer: inout Buffer) {
    for (rect, groups) in [(layout.traffic, trafficGroups), (layout.contexts, contextGroups)] {
      let row = margin(rect)
      let strips = Room.allCases.map { Strip(groups(totals, $0)) }
      // The most that fits as a whole; where even the least does not, what matters least goes.
      let strip = strips.first { $0.places(in: row).count == $0.groups.count } ?? strips.last
      strip?.render(in: row, into: &buffer)
    }
  }

  /// Requests, and what they cost.
  private func trafficGroups(_ totals: Totals, _ room: Room) -> [Strip.Group] {
    let rates = totals.rates
    let exceptions = rates?.exceptions ?? 0
    let flight = Use(totals.inFlight, of: totals.capacity)
    return [
      Strip.Group(
        number("req/s", rates.map { .real($0.requests) }, width: 5) + chart(.requests, room.mainChart), weight: 90),
      Strip.Group(number("p50", rates?.p50.map { .duration($0) }, width: 5), weight: 60),
      Strip.Group(
        number("p99", rates?.p99.map { .duration($0) }, width: 5) + chart(.p99, room.otherChart), weight: 80),
      Strip.Group(
        use(room.isShort ? "flight" : "in flight", flight, room) + chart(.inFlight, room.sideChart), weight: 85),
      Strip.Group(
        number(
          room.isShort ? "err/s" : "errors/s", (rates?.exceptions).map { .real($0) }, width: 4,
          exceptions > 0 ? .warning : .good) + chart(.errors, room.sideChart, .warning), weight: 70),
    ]
  }

  /// Contexts and connections.
  private func contextGroups(_ totals: Totals, _ room: Room) -> [Strip.Group] {
    let leaked = totals.contextsLeaked
    let out = Use(totals.connectionsCheckedOut, of: totals.connectionsLimit)
    var groups = [
      Strip.Group(number("contexts", .integer(totals.contextsLive), width: 4), weight: 65),
      Strip.Group(
        number("leaked", .integer(leaked), width: 3, leaked > 0 ? .critical : .good)
          + chart(.leaked, room.smallChart, .critical), weight: 90),
      Strip.Group(
        number("reused", .integer(totals.contextsReused), width: 4, totals.contextsReused > 0 ? .warning : .good),
        weight: 60),
      Strip.Group(
        use(room.isShort ? "conn" : "connections", out, room, isAlarming: totals.connectionsLeaked > 0)
          + chart(.connections, room.sideChart), weight: 80),
      Strip.Group(
        number(
          room == .vast ? "teardown failures" : "td fail", .integer(totals.teardownFailures), width: 3,
          totals.teardownFailures > 0 ? .warning : .good), weight: 75),
    ]
    if !room.isShort {
      let oldest = totals.oldestCheckout.map(Format.uptime) ?? Format.unknown
      groups.append(
        Strip.Group([label("oldest checkout "), Span(oldest.aligned(to: 5), look[.value])], weight: 50))
    }
    if totals.dropped > 0 {
      groups.append(Strip.Group(number("dropped", .integer(totals.dropped), width: 3, .warning), weight: 70))
    }
    return groups
  }

  private func label(_ text: String) -> Span { Span(text, look[.dim]) }

  /// A name and a number; `level` where a number can be bad news: then a sign stands behind it, or room for one.
  private func number(_ name: String, _ value: Value?, width: Int, _ level: StateLevel? = nil) -> [Strip.Part] {
    let text = Format.screen(value ?? .unknown).aligned(to: width)
    let style = level.map { $0 == .good ? look[.value] : look[$0.role] } ?? look[.value]
    let sign = level.map { $0.mark(look).text } ?? ""
    return [.text(label(name + " ")), .text(Span(text + sign, style))]
  }

  /// A name, how much of a limit is used, and a bar of it.
  private func use(_ name: String, _ use: Use, _ room: Room, isAlarming: Bool = false) -> [Strip.Part] {
    let level = thresholds.level(of: use.used, limit: use.limit)
    let role: Role = isAlarming ? .warning : level >= .warning ? level.role : .value
    let text = Format.screen(.share(use.used, of: use.limit)).aligned(to: use.width)
    let number: [Strip.Part] = [.text(label(name + " ")), .text(Span(text, look[role]))]
    let sign = level.mark(look).text.unicodeScalars.first ?? " "
    guard let limit = use.limit, limit > 0, room.meter > 0 else {
      return number + [.text(Span(String(sign), look[role]))]
    }
    let bar = Meter(
      Double(use.used) / Double(limit), shapes: look.shapes, style: look[level >= .warning ? level.role : .good],
      frame: look[.dim], sign: sign)
    return number + [.text(Span(" ")), .widget(bar, width: room.meter)]
  }

  /// The last ten minutes of a number, or as much of them as there is.
  private func chart(_ number: ServiceNumber, _ width: Int, _ role: Role = .chart) -> [Strip.Part] {
    guard width > 0 else { return [] }
    let line = Sparkline(charts.columns(of: number, width), shapes: look.shapes, style: look[role])
    return [.text(Span(" ")), .widget(line, width: width)]
  }
}

/// How much can stand beside the numbers, from the most to the least.
private enum Room: CaseIterable {
  case vast, wide, usual, short, least

  /// Whether names are short.
  var isShort: Bool { self == .usual || self == .short || self == .least }
  /// Columns of a bar, with its ends and its sign; 0: none.
  var meter: Int { self == .vast ? 16 : self == .wide ? 10 : self == .usual ? 7 : 0 }
  /// Columns of the requests' chart.
  var mainChart: Int { self == .vast ? 30 : self == .wide ? 20 : self == .least ? 0 : 8 }
  /// Columns of the chart of what leaked.
  var smallChart: Int { self == .vast ? 20 : self == .wide ? 10 : self == .usual ? 6 : 0 }
  /// Columns of charts of what is used.
  var sideChart: Int { self == .vast ? 12 : self == .wide ? 5 : 0 }
  /// Columns of all other charts.
  var otherChart: Int { self == .vast ? 12 : 0 }
}

/// So many of so many.
private struct Use {
  let used: UInt64
  let limit: UInt64?

  init(_ used: UInt64, of limit: UInt64?) {
    self.used = used
    self.limit = limit
  }

  /// Columns that both take at most.
  var width: Int {
    guard let limit else { return 4 }
    return 2 * Format.compact(limit).count + 1
  }
}
