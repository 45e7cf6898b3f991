// The numbers that are compared, of each worker and of all: one table for text and JSON.

import CtxtopSnapshot

/// A number of a worker.
package struct DifferenceNumber: Sendable {
  /// Its name in JSON.
  package let id: String
  /// Its name for people.
  package let title: String
  /// The same as a heading over the workers.
  package let heading: String
  /// Whether it counts occurrences, and only grows; else it tells what is there.
  package let isCounter: Bool
  /// What a worker has of it; nil: not known.
  let value: @Sendable (Model, Int) -> UInt64?

  private static func counter(
    _ id: String, _ title: String, _ heading: String, _ value: @escaping @Sendable (Counters) -> UInt64
  ) -> DifferenceNumber {
    DifferenceNumber(id: id, title: title, heading: heading, isCounter: true) { value($0.now.workers[$1].counters) }
  }

  private static func level(
    _ id: String, _ title: String, _ heading: String, _ value: @escaping @Sendable (Model, Int) -> UInt64
  ) -> DifferenceNumber {
    DifferenceNumber(id: id, title: title, heading: heading, isCounter: false, value: value)
  }

  package static let requests = counter("requests", "requests", "REQUESTS") { $0.requests }
  package static let teardownFailures = counter("teardown_failures", "teardown failures", "TDFAIL") {
    $0.teardownFailures
  }
  package static let eventsDropped = counter("events_dropped", "events dropped", "DROPPED") { $0.dropped.total }
  package static let contextsVanished = counter("contexts_vanished", "contexts dropped without teardown", "NOTEARDOWN")
  {
    $0.contextsVanished
  }
  /// Besides those that are still there, those whose worker or thread is gone. JSON does not tell: a worker of a
  /// document has no time of its agent's coming.
  static let contextsFound = DifferenceNumber(
    id: "contexts_found_left", title: "contexts found left behind", heading: "FOUND", isCounter: true
  ) { model, index in
    let worker = model.now.workers[index]
    return worker.attached == 0 ? nil : worker.counters.contextsLeaked
  }

  /// All of them.
  package static let all: [DifferenceNumber] = [
    requests,
    counter("exceptions", "exceptions", "ERRORS") { $0.exceptions },
    level("in_flight", "requests in flight", "FLIGHT") { $0.now.workers[$1].inFlight },
    level("contexts_live", "contexts on stacks", "CONTEXTS") {
      $0.now.workers[$1].appDepth &+ $0.now.workers[$1].requestDepth
    },
    level("contexts_leaked", "contexts left behind", "LEAK") { UInt64($0.conditions[$1].leakedContexts) },
    contextsFound,
    counter("contexts_reused", "requests on a context of others", "REUSED") { $0.contextsReused },
    contextsVanished,
    level("connections_open", "connections open", "CONN") { $0.now.workers[$1].connectionsOpen },
    level("connections_checked_out", "connections checked out", "OUT") { $0.now.workers[$1].connectionsCheckedOut },
    level("connections_leaked", "connections that nobody will return", "LOST") {
      UInt64($0.conditions[$1].leakedConnections)
    },
    level("orphan_sessions", "sessions without their context", "ORPHAN") { UInt64($0.now.workers[$1].orphanSessions) },
    level("resources_held", "locks and other resources held", "LOCKS") {
      UInt64($0.now.workers[$1].resources.count { $0.state == .held })
    },
    teardownFailures,
    level("units", "threads, greenlets and tasks", "UNITS") { UInt64($0.now.workers[$1].units.count { !$0.isGone }) },
    eventsDropped,
  ]
}

/// How a number changed.
package struct NumberChange: Sendable {
  /// Which number.
  package let number: DifferenceNumber
  /// At the first moment; nil: not there.
  package let before: UInt64?
  /// At the second; nil: not there.
  package let after: UInt64?
  /// For a counter, what was counted in between, as far as it is known; for others, how much more there is.
  package let change: Int64?
  /// Whether there may be more than what is known.
  package var isAtLeast = false
}

extension DifferenceNumber {
  /// How it changed in one worker.
  package func change(_ pair: WorkerPair, _ before: Model, _ after: Model) -> NumberChange {
    let old = pair.before.flatMap { value(before, $0) }
    let new = pair.after.flatMap { value(after, $0) }
    return NumberChange(number: self, before: old, after: new, change: growth(old, new, pair))
  }

  private func growth(_ old: UInt64?, _ new: UInt64?, _ pair: WorkerPair) -> Int64? {
    switch pair.fate {
    case .over: return isCounter ? 0 : nil
    case .gone, .unseen: return nil
    case .stayed, .started, .exited, .died: break
    }
    guard let new, old != nil || pair.before == nil else { return nil }
    let sign = Int64(clamping: new).subtractingReportingOverflow(Int64(clamping: old ?? 0)).partialValue
    // What only grows and fell was counted by somebody else.
    return isCounter && sign < 0 ? nil : sign
  }

  /// How it changed in all workers together. What is there is that of workers that are there.
  func total(_ pairs: [WorkerPair], _ before: Model, _ after: Model) -> NumberChange {
    let (old, new) = (sum(before), sum(after))
    guard isCounter else {
      let change = Int64(clamping: new ?? 0).subtractingReportingOverflow(Int64(clamping: old ?? 0)).partialValue
      return NumberChange(number: self, before: old, after: new, change: change)
    }
    let changes = pairs.map { change($0, before, after).change }
    let known: Int64 = changes.reduce(0) { $0.addingReportingOverflow($1 ?? 0).partialValue }
    return NumberChange(
      number: self, before: old, after: new, change: known, isAtLeast: changes.contains { $0 == nil })
  }

  /// Nil: of some worker it is not known.
  private func sum(_ model: Model) -> UInt64? {
    var sum: UInt64 = 0
    for index in model.now.workers.indices where isCounter || model.now.workers[index].liveness.isPresent {
      guard let value = value(model, index) else { return nil }
      sum &+= value
    }
    return sum
  }
}
