// The first lines of a text report: what the screen's header says.

internal import CtxtopModel
import CtxtopSnapshot

extension TextReport {
  /// The service and its numbers.
  var summary: String {
    let now = model.now
    let totals = model.totals
    let server = now.workers.first?.server ?? Server()
    let time = String(Format.time(now.wallTime).prefix(19)) + "Z"
    let parts =
      now.targets.isEmpty
      ? ["\(now.service)@\(now.host)", server.kind, server.model, time]
      : ["\(now.targets.count) targets: \(now.service)", time]
    var text = parts.filter { !$0.isEmpty }.map(Format.cleaned).joined(separator: "  ") + "\n"
    for target in now.targets where target.state != .live {
      let reason = target.reason.isEmpty ? target.state.meaning : target.reason
      text += Format.cleaned("\(target.name) \(target.state.rawValue): \(reason)") + "\n"
    }
    text += "workers \(totals.workers)  req/s \(Self.rate(totals.rates?.requests))"
    text += "  p50 \(Self.latency(totals.rates?.p50))  p99 \(Self.latency(totals.rates?.p99))"
    text += "  in flight \(Format.screen(.share(totals.inFlight, of: totals.capacity)))"
    text += "  errors/s \(Self.rate(totals.rates?.exceptions))\n"
    text += "contexts live \(totals.contextsLive)  leaked \(totals.contextsLeaked)  reused \(totals.contextsReused)"
    text += "  connections \(Format.screen(.share(totals.connectionsCheckedOut, of: totals.connectionsLimit))) out"
    if let oldest = totals.oldestCheckout { text += ", oldest \(Format.age(oldest))" }
    text += "  teardown failures \(totals.teardownFailures)\n"
    if totals.dropped > 0 { text += "events dropped \(totals.dropped): a table of the segment was full\n" }
    if let action = now.actions.last { text += "\(Format.time(action.time).prefix(19))Z \(action.sentence)\n" }
    return text
  }

  private static func rate(_ value: Double?) -> String { Format.screen(value.map { .real($0) } ?? .unknown) }

  private static func latency(_ value: UInt64?) -> String { Format.screen(value.map { .duration($0) } ?? .unknown) }
}
