// One line of the tables of metrics. Names are a contract, as those of the JSON schema: add, never rename.

internal import CtxtopModel
import CtxtopSnapshot

/// A metric of the Prometheus format.
package struct Metric: Sendable {
  /// What kind of number it is.
  package enum Kind: String, Sendable {
    /// Only grows, until the worker ends.
    case counter
    /// What is now.
    case gauge
    /// Counts by upper bounds, each of which includes those below it.
    case histogram
  }

  /// Its name, with its unit and, for a counter, `_total` at the end.
  package let name: String
  /// What kind of number it is.
  package let kind: Kind
  /// What it says, in one line.
  package let help: String
  /// Its numbers in a model. What is not known has none.
  let samples: @Sendable (Model) -> [Sample]

  init(_ name: String, _ kind: Kind, _ help: String, samples: @escaping @Sendable (Model) -> [Sample]) {
    self.name = "ctxtop_" + name
    self.kind = kind
    self.help = help
    self.samples = samples
  }
}

/// One number.
struct Sample: Sendable {
  /// A label and its value. An empty value is the same as no label, and is not written.
  typealias Label = (name: String, value: String)

  /// What stands behind the metric's name: the part of a histogram that it is.
  var suffix = ""
  let labels: [Label]
  let number: Number

  init(_ labels: [Label], _ number: Number, suffix: String = "") {
    self.labels = labels
    self.number = number
    self.suffix = suffix
  }
}

/// A number as it is written: exact where it is a count.
enum Number: Equatable, Sendable {
  case count(UInt64)
  /// Nanoseconds, written as seconds.
  case seconds(UInt64)

  /// Digits, and at most one point.
  var text: String {
    switch self {
    case .count(let count): return String(count)
    case .seconds(let nanoseconds):
      let rest = String(nanoseconds % 1_000_000_000)
      var digits = String(repeating: "0", count: 9 - rest.count) + rest
      while digits.last == "0" { digits.removeLast() }
      return String(nanoseconds / 1_000_000_000) + (digits.isEmpty ? "" : "." + digits)
    }
  }
}

extension Metric {
  /// Of which workers a metric tells.
  enum Scope: Sendable {
    /// Of those whose process is there: what is, is not any more in one that has ended.
    case present
    /// Of all that have a slot: what happened has happened, also in one that has ended.
    case all
  }

  /// A number of each worker; nil where it is not known.
  static func worker(
    _ name: String, _ kind: Kind, of scope: Scope, _ help: String, number: @escaping @Sendable (WorkerRow) -> Number?
  ) -> Metric {
    Metric(name, kind, help) { model in
      model.rows(scope).flatMap { row in number(row).map { [Sample(row.labels, $0)] } ?? [] }
    }
  }

  /// Several numbers of each worker.
  static func workers(
    _ name: String, _ kind: Kind, of scope: Scope, _ help: String, samples: @escaping @Sendable (WorkerRow) -> [Sample]
  ) -> Metric {
    Metric(name, kind, help) { model in model.rows(scope).flatMap(samples) }
  }
}

extension Model {
  /// The label of what is not about one worker.
  var labels: [Sample.Label] { [("app", now.service)] }

  fileprivate func rows(_ scope: Metric.Scope) -> [WorkerRow] {
    workerRows.filter { scope == .all || $0.worker.liveness.isPresent }
  }
}

extension WorkerRow {
  /// Which worker it is: by its number where its server counts, by its process, and by its place in the segment, which
  /// no other has.
  var labels: [Sample.Label] {
    [
      ("app", model.now.service), ("worker", worker.number.map { String($0) } ?? ""), ("pid", String(worker.pid)),
      ("slot", String(worker.slot)),
    ]
  }
}
