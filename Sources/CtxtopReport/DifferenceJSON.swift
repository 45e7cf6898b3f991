// A comparison as JSON, schema `ctxtop.diff/1`: names are a contract with scripts; add, never rename. What is not
// known is null.

package import CtxtopModel
import CtxtopSnapshot

extension Report {
  /// A comparison as one JSON object on one line, with a newline.
  package static func json(_ difference: Difference) -> [UInt8] {
    let document = JSONText.object([
      ("schema", .text("ctxtop.diff/1")), ("app", .text(difference.after.now.service)),
      ("leaked", .bool(difference.hasLeaked)), ("torn_down", .bool(difference.failures.isEmpty)),
      ("certain", .bool(difference.isCertain)), ("conclusion", .text(difference.conclusion)),
      ("notes", .array(difference.notes.map { .text($0) })), ("restarted", .bool(difference.isRestarted)),
      ("interval_ns", .integer(difference.interval)), ("before", moment(difference.before.now)),
      ("after", moment(difference.after.now)),
      ("totals", .object(difference.totals.map { ($0.number.id, change($0)) })),
      ("losses", .array(difference.losses.map(loss))),
      ("workers", .array(difference.workers.map { worker($0, difference) })),
      ("things", .array(difference.things.map(thing))),
    ])
    return Array((document.line + "\n").utf8)
  }

  private static func moment(_ snapshot: Snapshot) -> JSONText {
    .object([
      ("app", .text(snapshot.service)), ("host", .text(snapshot.host)), ("time", .text(Format.time(snapshot.wallTime))),
      ("workers", .integer(Int64(snapshot.workers.count { $0.liveness.isPresent }))),
    ])
  }

  private static func change(_ change: NumberChange) -> JSONText {
    .object([
      ("before", .integer(change.before)), ("after", .integer(change.after)), ("change", .integer(change.change)),
      ("at_least", .bool(change.isAtLeast)),
    ])
  }

  private static func loss(_ loss: Loss) -> JSONText {
    .object([
      ("kind", .text(loss.kind.rawValue)), ("leak", .bool(loss.kind.isLeak)),
      ("name", .text(loss.name.isEmpty ? nil : loss.name)),
      ("request", .text(loss.isRequest ? loss.owner : nil)),
      ("place", .text(loss.isRequest || loss.owner.isEmpty ? nil : loss.owner)), ("count", .integer(loss.count)),
      ("workers", .array(loss.workers.map { .integer(Int64($0)) })), ("text", .text(loss.phrase)),
      ("evidence", .array(loss.evidence.map { .text($0) })),
    ])
  }

  private static func worker(_ pair: WorkerPair, _ difference: Difference) -> JSONText {
    guard let worker = difference.worker(of: pair) else { return .null }
    let numbers = DifferenceNumber.all.map { number in
      (number.id, change(number.change(pair, difference.before, difference.after)))
    }
    return .object([
      ("pid", .integer(Int64(worker.pid))), ("number", .integer(worker.number.map { Int64($0) })),
      ("slot", .integer(Int64(worker.slot))), ("generation", .integer(worker.generation)),
      ("instance", .integer(worker.instance)), ("fate", .text(pair.fate.rawValue)), ("numbers", .object(numbers)),
    ])
  }

  private static func thing(_ thing: ThingChange) -> JSONText {
    .object([
      ("kind", .text(thing.kind.rawValue)), ("fate", .text(thing.fate.rawValue)),
      ("worker", .integer(thing.worker.map { Int64($0) })), ("text", .text(thing.text)),
      ("state_before", .text(thing.stateBefore)), ("state_after", .text(thing.stateAfter)),
      ("count_before", .integer(thing.countBefore)), ("count_after", .integer(thing.countAfter)),
    ])
  }
}
